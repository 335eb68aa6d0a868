#!/bin/bash
# root.sh TREE: Debian 13 with the packages of packages.list, as apt is configured on this machine. Minutes; kept by digest.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=$1
mirror=$(awk '$1 == "URIs:" && $2 ~ /debian\/?$/ { print $2; exit } $1 == "deb" && $2 ~ /debian\/?$/ { print $2; exit }' /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null || true)
mirror=${mirror:-http://deb.debian.org/debian}
security=${mirror%/debian*}/debian-security
# What no machine of ours has or does: sound, wireless, graphics beyond a text screen, file systems of others; and PostgreSQL's compiler, which it does without where it is absent.
without=(/usr/lib/postgresql/17/lib/llvmjit.so '/usr/lib/postgresql/17/lib/bitcode/*' '/usr/lib/x86_64-linux-gnu/libLLVM*' '/usr/lib/llvm-*' '/usr/lib/x86_64-linux-gnu/libz3*' '/usr/share/locale/*' '/usr/share/man/*' '/usr/share/info/*' '/usr/share/postgresql/17/man/*' '/usr/share/i18n/locales/*')
for module in sound net/wireless net/bluetooth net/mac80211 net/sctp net/tipc net/rxrpc net/batman-adv net/ceph drivers/media drivers/staging drivers/isdn drivers/infiniband drivers/iio drivers/bluetooth drivers/accel drivers/comedi drivers/soundwire drivers/net/wireless drivers/net/can drivers/input/joystick drivers/input/touchscreen drivers/input/tablet \
  drivers/gpu/drm/{amd,i915,nouveau,radeon,xe,gma500} fs/{afs,btrfs,ceph,cifs,smb,coda,dlm,f2fs,gfs2,hfs,hfsplus,jffs2,jfs,nfs,nfsd,nilfs2,ntfs3,ocfs2,orangefs,smb,ubifs,udf,ufs,xfs,9p,bcachefs}; do
  without+=("/usr/lib/modules/*/kernel/$module/*" "/lib/modules/*/kernel/$module/*")
done
packages=$(sed 's/#.*//' "$here/packages.list" | tr -s '[:space:]' ',' | sed 's/^,//; s/,$//')

rm -rf "$tree"
mmdebstrap --quiet --variant=minbase --format=directory --include="$packages" \
  --aptopt='Apt::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  "${without[@]/#/--dpkgopt=path-exclude=}" \
  --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
  --setup-hook='mkdir -p "$1/etc/postgresql-common/createcluster.d"; echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.d/cirt.conf"' \
  trixie "$tree" "deb $mirror trixie main" "deb $mirror trixie-updates main" "deb $security trixie-security main"
