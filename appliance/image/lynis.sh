#!/bin/bash
# lynis.sh TREE OUT: Lynis over the tree, in a mount table of its own with what it reads of the kernel bound in. Of the kernel it sees the building machine's settings, so those of the image are told beside it.
# Writes OUT/lynis.dat (report) and prints the hardening index.
set -euo pipefail
tree=$1 out=$2
[ -d /usr/share/lynis ] || { echo 'lynis.sh: the package lynis is missing' >&2; exit 69; }
unshare --mount --pid --fork bash -euc '
  mount --rbind /dev "$1/dev"; mount -t proc proc "$1/proc"
  for place in run tmp var/log var/tmp srv; do mount -t tmpfs tmpfs "$1/$place"; done
  mkdir -p "$1/srv/lynis" "$1/run/out" "$1/run/plugins"
  mount --bind /usr/share/lynis "$1/srv/lynis"
  cp /usr/sbin/lynis "$1/run/lynis"
  mkdir -p "$1/run/profile"; cp /etc/lynis/default.prf "$1/run/profile/default.prf"
  chroot "$1" env PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c "cd /srv/lynis && sh /run/lynis audit system --quick --no-colors --quiet --profile /run/profile/default.prf --plugindir /run/plugins --report-file /run/out/report.dat --log-file /run/out/log" >/dev/null 2>&1 || true
  cp "$1/run/out/report.dat" "$2/lynis.dat"' - "$tree" "$(readlink -f "$out")"
sed -n 's/^hardening_index=/Lynis index /p' "$out/lynis.dat"
