#!/bin/bash
# bundle.sh OUT VERSION: one file per release for the update from inside: root, integrity tree, kernel image, and what they must be, signed. Sign the sums first: image/sign.sh.
set -euo pipefail
out=$1 version=$2
hash=$(cat "$out/roothash")
work=$(mktemp -d "$out/bundle.XXXXXX")
trap 'rm -rf "$work"' EXIT
ln "$out/root.erofs" "$work/root.erofs" 2>/dev/null || cp "$out/root.erofs" "$work/root.erofs"
cp "$out/root.verity" "$work/root.verity"
cp "$out/cirt-$version.efi" "$work/cirt.efi"
(cd "$work" && {
  printf 'product cirt-appliance\nversion %s\nroothash %s\n' "$version" "$hash"
  for file in root.erofs root.verity cirt.efi; do printf 'file %s %s %s\n' "$file" "$(stat -c %s "$file")" "$(sha256sum "$file" | cut -d' ' -f1)"; done
} > manifest)
openssl dgst -sha256 -sign "${CIRT_RELEASE_KEY:-$out/cache/development.pem}" -out "$work/manifest.sig" "$work/manifest"
tar --format=ustar --owner=0 --group=0 --mtime="@${SOURCE_DATE_EPOCH:-1767225600}" -C "$work" -cf "$out/cirt-$version.update" manifest manifest.sig root.erofs root.verity cirt.efi
