#!/bin/bash
# disk.sh TREE BOOT OUT VERSION: read-only root under dm-verity, one unified kernel image, a partition table with two slots. The place that lives is made at the first boot, behind them: firstboot/state.
# Nothing is mounted: every file system is written by its own tool into a file.
set -euo pipefail
tree=$1 boot=$2 out=$3 version=$4
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1767225600}
mkdir -p "$out"
work=$(mktemp -d "$out/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

# What lives is not part of the root: it starts as the packages left it, also after a factory reset.
rm -rf "$tree/usr/share/factory/var"
mkdir -p "$tree/usr/share/factory"
cp -a "$tree/var" "$tree/usr/share/factory/var"
cp -a "$tree/var" "$work/var.kept"
find "$tree/var" -mindepth 1 -delete
mkfs.erofs -zlz4hc,9 -T"$SOURCE_DATE_EPOCH" -Uc1f7a9d0-6e11-4b5e-9a43-0d5a1c8b7e21 --quiet "$out/root.erofs" "$tree" 2>/dev/null || mkfs.erofs -zlz4hc,9 -T"$SOURCE_DATE_EPOCH" -Uc1f7a9d0-6e11-4b5e-9a43-0d5a1c8b7e21 "$out/root.erofs" "$tree" >/dev/null
cp -a "$work/var.kept/." "$tree/var/"

rm -f "$out/root.verity"
hash=$(veritysetup format --salt=0000000000000000000000000000000000000000000000000000000000000000 --uuid=7d4f1f70-52cb-4a9b-8a2e-3e3c55f1c9d4 "$out/root.erofs" "$out/root.verity" | awk '/^Root hash:/ { print $3 }')
printf '%s\n' "$hash" > "$out/roothash"

# The root is found by its hash: the partitions carry its two halves as their ids (UAPI.2 Discoverable Partitions).
uuid() { printf '%s-%s-%s-%s-%s' "${1:0:8}" "${1:8:4}" "${1:12:4}" "${1:16:4}" "${1:20:12}"; }
printf 'root=/dev/mapper/root roothash=%s rootfstype=erofs ro rd.shell=0 rd.emergency=reboot panic=30 systemd.default_device_timeout_sec=900 console=tty0 console=ttyS0,115200 loglevel=4 lockdown=integrity slab_nomerge init_on_alloc=1 randomize_kstack_offset=on' "$hash" > "$out/cmdline"
"$(dirname "$0")"/uki.py --stub "$boot/linuxx64.efi.stub" --output "$out/cirt-$version.efi" --section .osrel="$tree/usr/lib/os-release" --section .uname="$boot/release" --section .cmdline="$out/cmdline" --section .initrd="$boot/initrd" --section .linux="$boot/vmlinuz"

truncate -s 512M "$work/esp"
mformat -i "$work/esp" -F -v CIRT -N 43495254 ::
mmd -i "$work/esp" ::/EFI ::/EFI/BOOT ::/EFI/Linux ::/loader
mcopy -i "$work/esp" "$boot/systemd-bootx64.efi" ::/EFI/BOOT/BOOTX64.EFI
mcopy -i "$work/esp" "$out/cirt-$version.efi" "::/EFI/Linux/cirt-$version.efi"
printf 'timeout 3\neditor no\n' > "$work/loader.conf"
mcopy -i "$work/esp" "$work/loader.conf" ::/loader/loader.conf

image="$out/cirt-$version.img"
rm -f "$image"
truncate -s $((2048 * 512 + (512 + 1536 + 32 + 1536 + 32 + 8) * 1024 * 1024)) "$image"
root=4f68bce3-e8cd-4db1-96e7-fbcaf984b709 verity=2c7357ed-ebd2-46d9-aec1-23d437ec2bf5
sgdisk --clear --disk-guid=5b2f1c34-7a10-4d3c-9f37-5f0f27d3a6c1 \
  --new=1:0:+512M --typecode=1:EF00 --change-name=1:esp \
  --new=2:0:+1536M --typecode=2:$root --change-name=2:root_A --partition-guid=2:"$(uuid "${hash:0:32}")" \
  --new=3:0:+32M --typecode=3:$verity --change-name=3:verity_A --partition-guid=3:"$(uuid "${hash:32:32}")" \
  --new=4:0:+1536M --typecode=4:$root --change-name=4:root_B \
  --new=5:0:+32M --typecode=5:$verity --change-name=5:verity_B "$image" >/dev/null
# An option that it does not know makes sgdisk write nothing and say little: read the table back.
names=$(sgdisk --print "$image" | awk '$1 ~ /^[1-9]$/ { print $NF }' | paste -sd' ')
[ "$names" = 'esp root_A verity_A root_B verity_B' ] || { echo "disk.sh: the partition table of $image is wrong: '$names'" >&2; exit 1; }
put() { dd if="$2" of="$image" bs=1M conv=notrunc,sparse oflag=seek_bytes status=none seek=$(($(sgdisk --info="$1" "$image" | awk '/^First sector:/ { print $3 }') * 512)); }
[ "$(stat -c %s "$out/root.erofs")" -le $((1536 * 1024 * 1024)) ] || { echo "disk.sh: the root ($(stat -c %s "$out/root.erofs") bytes) does not fit its slot" >&2; exit 1; }
put 1 "$work/esp"; put 2 "$out/root.erofs"; put 3 "$out/root.verity"
veritysetup verify "$out/root.erofs" "$out/root.verity" "$hash"
