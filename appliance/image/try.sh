#!/bin/bash
# try.sh OUT VERSION BOOT WORK [direct|firmware]: boots the image in qemu on an overlay of its own in WORK; the console answers on https://127.0.0.1:$CIRT_TRY_PORT.
# Emulated where KVM does not work, which is minutes; every wait belongs to the caller. In WORK stand serial.log (serial.sock takes input), second.log (the second serial line), monitor and pid.
#   CIRT_TRY_SIZE        size of the disk, 12G     CIRT_TRY_MEMORY  mebibytes, 2048       CIRT_TRY_KEEP=1  goes on with the disk that WORK has
#   CIRT_TRY_TPM=1       with a TPM 2.0 (swtpm), kept in WORK                              CIRT_TRY_TAP     a tap device for a second network port
#   CIRT_TRY_MAIL        port of this machine that leads to port 25                        CIRT_TRY_ACCEL   kvm where it works; tcg,thread=multi
#   CIRT_TRY_MEDIA       images of further disks   CIRT_TRY_CREDENTIALS  a folder: each file is a credential, told by SMBIOS
#   CIRT_TRY_FLIP        an offset: one byte of the root on the disk is changed there before the start
set -euo pipefail
out=$1 version=$2 boot=$3 work=$4 how=${5:-direct}
port=${CIRT_TRY_PORT:-18443}
mkdir -p "$work"
rm -f "$work"/{serial.log,second.log,serial.sock,monitor,pid}
if [ -z "${CIRT_TRY_KEEP:-}" ] || [ ! -e "$work/disk.qcow2" ]; then
  rm -f "$work/disk.qcow2"
  qemu-img create -q -f qcow2 -F raw -b "$(readlink -f "$out/cirt-$version.img")" "$work/disk.qcow2" "${CIRT_TRY_SIZE:-12G}"
fi
if [ -n "${CIRT_TRY_FLIP:-}" ]; then
  start=$(sgdisk --info=2 "$out/cirt-$version.img" | awk '/^First sector:/ { print $3 }')
  was=$(od -An -tu1 -j "$CIRT_TRY_FLIP" -N 1 "$out/root.erofs" | tr -d ' ')
  qemu-io -f qcow2 -c "write -P $((was ^ 1)) $((start * 512 + CIRT_TRY_FLIP)) 1" "$work/disk.qcow2" >/dev/null
fi
# A node that stands there says nothing: on some machines stock kernels end at once under it, so it is asked for by name.
machine=(-machine q35 -smp 2 -m "${CIRT_TRY_MEMORY:-2048}")
case ${CIRT_TRY_ACCEL:-tcg,thread=multi} in
  kvm*) machine+=(-accel "$CIRT_TRY_ACCEL" -cpu host) ;;
  *) machine+=(-accel "${CIRT_TRY_ACCEL:-tcg,thread=multi}" -cpu Nehalem) ;;
esac
case $how in
  direct) start=(-kernel "$boot/vmlinuz" -initrd "$boot/initrd" -append "$(cat "$out/cmdline")") ;;
  firmware)
    [ -e "$work/vars.fd" ] || cp /usr/share/OVMF/OVMF_VARS_4M.fd "$work/vars.fd"
    start=(-drive "if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd" -drive "if=pflash,format=raw,unit=1,file=$work/vars.fd") ;;
  *) echo "try.sh: $how is neither direct nor firmware" >&2; exit 2 ;;
esac
more=()
if [ -n "${CIRT_TRY_TPM:-}" ]; then
  mkdir -p "$work/tpm"
  swtpm socket --tpm2 --tpmstate "dir=$work/tpm" --ctrl "type=unixio,path=$work/tpm.sock" --terminate --daemon
  more+=(-chardev "socket,id=tpm,path=$work/tpm.sock" -tpmdev emulator,id=tpm0,chardev=tpm -device tpm-crb,tpmdev=tpm0)
fi
for medium in ${CIRT_TRY_MEDIA:-}; do more+=(-drive "file=$medium,if=virtio,format=raw,readonly=on"); done
if [ -n "${CIRT_TRY_CREDENTIALS:-}" ]; then
  for credential in "$CIRT_TRY_CREDENTIALS"/*; do
    more+=(-smbios "type=11,value=io.systemd.credential.binary:$(basename "$credential")=$(base64 -w0 "$credential")")
  done
fi
[ -z "${CIRT_TRY_TAP:-}" ] || more+=(-netdev "tap,id=second,ifname=$CIRT_TRY_TAP,script=no,downscript=no" -device virtio-net-pci,netdev=second,mac=52:54:00:77:00:02)
exec qemu-system-x86_64 "${machine[@]}" "${start[@]}" "${more[@]}" -display none -monitor "unix:$work/monitor,server=on,wait=off" \
  -chardev "socket,id=first,path=$work/serial.sock,server=on,wait=off,logfile=$work/serial.log" -serial chardev:first -serial "file:$work/second.log" \
  -drive "file=$work/disk.qcow2,if=virtio,format=qcow2" -device virtio-rng-pci \
  -nic "user,model=virtio-net-pci,restrict=on,hostfwd=tcp:127.0.0.1:$port-:443${CIRT_TRY_MAIL:+,hostfwd=tcp:127.0.0.1:$CIRT_TRY_MAIL-:25}" -pidfile "$work/pid" -daemonize
