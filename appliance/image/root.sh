#!/bin/bash
# root.sh TREE: Debian 13 with the packages of packages.list, as apt is configured on this machine. Minutes; kept by digest.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=$1
mirror=$(awk '$1 == "URIs:" && $2 ~ /debian\/?$/ { print $2; exit } $1 == "deb" && $2 ~ /debian\/?$/ { print $2; exit }' /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null || true)
mirror=${mirror:-http://deb.debian.org/debian}
security=${mirror%/debian*}/debian-security
packages=$(sed 's/#.*//' "$here/packages.list" | tr -s '[:space:]' ',' | sed 's/^,//; s/,$//')

rm -rf "$tree"
mmdebstrap --quiet --variant=minbase --format=directory --include="$packages" \
  --aptopt='Apt::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
  --setup-hook='mkdir -p "$1/etc/postgresql-common/createcluster.d"; echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.d/cirt.conf"' \
  trixie "$tree" "deb $mirror trixie main" "deb $mirror trixie-updates main" "deb $security trixie-security main"
