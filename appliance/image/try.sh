#!/bin/bash
# try.sh OUT VERSION BOOT WORK [direct|firmware]: boots the image in qemu on a throw-away overlay; the console answers on https://127.0.0.1:$CIRT_TRY_PORT.
# CIRT_TRY_SIZE gives it a larger disk than the image. Serial log and pid stand in WORK. Emulated where KVM does not work, which is minutes; every wait belongs to the caller.
set -euo pipefail
out=$1 version=$2 boot=$3 work=$4 how=${5:-direct}
port=${CIRT_TRY_PORT:-18443}
mkdir -p "$work"
rm -f "$work/disk.qcow2" "$work/serial.log" "$work/pid"
[ -e "$work/state.kept" ] || qemu-img create -q -f qcow2 -F raw -b "$(readlink -f "$out/cirt-$version.img")" "$work/disk.qcow2" ${CIRT_TRY_SIZE:-}
machine=(-machine q35 -accel tcg,thread=multi -cpu Nehalem -smp 2 -m "${CIRT_TRY_MEMORY:-2048}")
case $how in
  direct) start=(-kernel "$boot/vmlinuz" -initrd "$boot/initrd" -append "$(cat "$out/cmdline")") ;;
  firmware) start=(-drive "if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE.fd") ;;
  *) echo "try.sh: $how is neither direct nor firmware" >&2; exit 2 ;;
esac
exec qemu-system-x86_64 "${machine[@]}" "${start[@]}" -display none -serial "file:$work/serial.log" -monitor "unix:$work/monitor,server=on,wait=off" \
  -drive "file=$work/disk.qcow2,if=virtio,format=qcow2" -device virtio-rng-pci \
  -nic "user,model=virtio-net-pci,restrict=on,hostfwd=tcp:127.0.0.1:$port-:443" -pidfile "$work/pid" -daemonize
