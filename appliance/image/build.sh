#!/bin/bash
# build.sh PROGRAM VERSION OUT: the whole image from the published program. The root is kept by the digest of what it is made from.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$1 version=$2 out=$3
[ "$(id -u)" = 0 ] || { echo 'image: making a root with accounts of its own needs root. Call it with sudo; nothing outside the output folder is changed.' >&2; exit 1; }
step() { printf '%s\n' "$1"; shift; local since=$SECONDS; "$@"; printf '  took %d s\n' $((SECONDS - since)); }

mkdir -p "$out/cache"
digest=$(cat "$here/packages.list" "$here/root.sh" | sha256sum | cut -c1-16)
root="$out/cache/root-$digest"
if [ ! -e "$root.made" ]; then
  step "Making the root from Debian's archive (minutes)" "$here/root.sh" "$root"
  touch "$root.made"
fi

# The image trusts the key that signs it: a release's own, or a development build's throw-away one.
key=${CIRT_RELEASE_KEY:-$out/cache/development.pem}
[ -s "$key" ] || (umask 077; openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$key")
export CIRT_RELEASE_PUB="$out/cache/release.pub"
openssl pkey -in "$key" -pubout -out "$CIRT_RELEASE_PUB"

work=$(mktemp -d "$out/cache/tree.XXXXXX")
trap 'rm -rf "$work"' EXIT
cp -a --reflink=auto "$root/." "$work/"
chmod 0755 "$work"
step 'Putting the appliance on it' "$here/overlay.sh" "$work" "$program" "$version"
step 'Kernel and initrd' "$here/boot.sh" "$work" "$out/boot"
step 'Root, integrity tree, unified kernel image, disk' "$here/disk.sh" "$work" "$out/boot" "$out" "$version"
step 'The same for virtual machines' qemu-img convert -f raw -O qcow2 -c "$out/cirt-$version.img" "$out/cirt-$version.qcow2"
# Room for what lives: a sparse disk costs nothing until it is used.
qemu-img resize -q "$out/cirt-$version.qcow2" 64G

step 'And for VMware and VirtualBox' "$here/ova.sh" "$out/cirt-$version.img" "cirt-$version" "$out/cirt-$version.ova"

chroot "$work" dpkg-query -W -f '${Package} ${Version} ${Architecture}\n' > "$out/packages.txt"
"$here/sbom.py" --packages "$out/packages.txt" --program "$program" --version "$version" --output "$out/cirt-$version.cdx.json"
find "$work" -xdev -perm /6000 -type f -printf '/%P\n' | sort > "$out/suid.txt"
step 'The file for updates' "$here/../update/bundle.sh" "$out" "$version"
(cd "$out" && sha256sum "cirt-$version".{img,qcow2,ova,efi,update,cdx.json} packages.txt > SHA256SUMS)
"$here/sign.sh" "$out"
printf 'root hash %s\n  %s MiB root, %s MiB as qcow2, %s MiB as ova, %s MiB to update\n' "$(cat "$out/roothash")" $(($(stat -c %s "$out/root.erofs") / 1048576)) $(($(stat -c %s "$out/cirt-$version.qcow2") / 1048576)) $(($(stat -c %s "$out/cirt-$version.ova") / 1048576)) $(($(stat -c %s "$out/cirt-$version.update") / 1048576))
