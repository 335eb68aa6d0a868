#!/bin/bash
# boot.sh TREE OUT: takes kernel and initrd out of the tree.
set -euo pipefail
tree=$1 out=$2
release=$(cd "$tree/usr/lib/modules" && ls | sort -V | tail -n 1)
mkdir -p "$out"
cp "$tree/boot/vmlinuz-$release" "$out/vmlinuz"
cp "$tree/usr/lib/systemd/boot/efi/linuxx64.efi.stub" "$tree/usr/lib/systemd/boot/efi/systemd-bootx64.efi" "$out/"
# dracut looks at /proc and /dev: they are there for this one command, in a mount table of its own.
unshare --mount --pid --fork bash -euc '
  mount --rbind /dev "$1/dev"; mount -t proc proc "$1/proc"; mount -t tmpfs tmpfs "$1/run"; mount -t tmpfs tmpfs "$1/tmp"; mount -t tmpfs tmpfs "$1/var/tmp"
  chroot "$1" dracut --quiet --force --reproducible --no-hostonly --no-hostonly-cmdline --zstd \
    --add "systemd systemd-initrd systemd-veritysetup" --omit "nfs iscsi lunmask plymouth brltty network network-manager systemd-networkd url-lib cifs nbd fcoe fcoe-uefi lvm mdraid dmraid multipath btrfs qemu-net bluetooth i18n" \
    --add-drivers "erofs dm_verity ext4 virtio_blk virtio_pci virtio_scsi ahci sd_mod nvme usb_storage uas xhci_pci" /run/initrd "$2" >/dev/null
  cp "$1/run/initrd" "$3/initrd"' - "$tree" "$release" "$(readlink -f "$out")"
rm -rf "$tree"/boot/* "$tree"/initrd.img* "$tree"/vmlinuz*
printf '%s\n' "$release" > "$out/release"
