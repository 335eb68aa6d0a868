#!/bin/bash
# overlay.sh TREE PROGRAM VERSION: puts the appliance on top of the root: program, accounts, units, firewall, what is switched off.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
tree=$1 program=$2 version=$3

install -d "$tree"/usr/lib/cirt "$tree"/usr/lib/cirt-appliance "$tree"/etc/systemd/network
cp -a "$program"/. "$tree"/usr/lib/cirt/
chown -R 0:0 "$tree"/usr/lib/cirt
ln -sfn ../lib/cirt/cirt "$tree"/usr/bin/cirt
printf '%s\n' "$version" > "$tree"/usr/lib/cirt-appliance/version
install -m 0755 "$here"/firstboot/{answers,console,state,install-to-disk,mail-prepare,database-prepare,database-create} "$here"/update/{update,bless,take} "$here"/site/resolver "$tree"/usr/lib/cirt-appliance/
install -m 0644 "$here"/systemd/host.env "$tree"/usr/lib/cirt-appliance/
# Whose updates and answer files this image trusts: public keys only.
install -d "$tree"/usr/lib/cirt-appliance/release-keys "$tree"/usr/lib/cirt-appliance/answer-keys/keys
[ -z "${CIRT_RELEASE_PUB:-}" ] || install -m 0644 "$CIRT_RELEASE_PUB" "$tree"/usr/lib/cirt-appliance/release-keys/release.pub
[ -z "${CIRT_ANSWER_PUB:-}" ] || install -m 0644 "$CIRT_ANSWER_PUB" "$tree"/usr/lib/cirt-appliance/answer-keys/keys/answers.pem

install -m 0644 "$here"/systemd/*.service "$here"/systemd/*.path "$tree"/usr/lib/systemd/system/
install -D -m 0644 -t "$tree"/usr/lib/repart.d "$here"/systemd/repart/*.conf
install -D -m 0644 "$here"/site/chrony.conf "$tree"/etc/chrony/chrony.conf
install -D -m 0644 "$here"/site/rsyslog.conf "$tree"/etc/rsyslog.d/90-cirt.conf
install -D -m 0644 "$here"/systemd/sysusers.conf "$tree"/usr/lib/sysusers.d/cirt.conf
install -D -m 0644 "$here"/systemd/tmpfiles.conf "$tree"/usr/lib/tmpfiles.d/cirt.conf
install -m 0644 "$here"/nftables/nftables.conf "$tree"/etc/nftables.conf
install -D -m 0644 "$here"/hardening/sysctl.conf "$tree"/etc/sysctl.d/90-cirt.conf
install -D -m 0644 "$here"/hardening/modprobe.conf "$tree"/etc/modprobe.d/90-cirt.conf
install -D -m 0644 "$here"/hardening/journald.conf "$tree"/etc/systemd/journald.conf.d/cirt.conf
install -m 0644 "$here"/systemd/network/*.network "$tree"/etc/systemd/network/
for unit in emergency rescue; do
  install -D -m 0644 "$here"/systemd/recovery.conf "$tree/etc/systemd/system/$unit.service.d/cirt.conf"
done
chroot "$tree" systemd-sysusers 2>/dev/null >&2 || { echo "overlay.sh: the accounts could not be made" >&2; exit 1; }

install -d "$tree"/efi
printf 'cirt\n' > "$tree"/etc/hostname
printf '127.0.0.1 localhost cirt\n::1 localhost\n' > "$tree"/etc/hosts
# Slow disks and slow machines need more than the 90 s that a unit for a device is given otherwise, and a locked state waits for a person.
printf 'LABEL=state /var ext4 defaults,nodev,nosuid,x-systemd.mount-timeout=15min,x-systemd.requires=cirt-state.service,x-systemd.device-timeout=infinity,x-systemd.growfs 0 2\nPARTLABEL=esp /efi vfat umask=0077,nodev,nosuid,noexec,nofail,x-systemd.mount-timeout=15min,x-systemd.device-timeout=15min 0 0\ntmpfs /tmp tmpfs nosuid,nodev,mode=1777,size=25%% 0 0\n' > "$tree"/etc/fstab

systemctl --root="$tree" --quiet enable cirt-state cirt-mail cirt-update.path cirt-restart.path cirt-site cirt-answers cirt-bless cirt-resolver.service cirt-resolver.path cirt-database cirt-migrate cirt cirt-sensor nftables systemd-networkd chrony auditd rsyslog apparmor cirt-console@tty1 cirt-console@ttyS0
systemctl --root="$tree" --quiet disable ssh opensmtpd 2>/dev/null || true
systemctl --root="$tree" --quiet mask opensmtpd.service systemd-repart.service getty@tty1.service serial-getty@ttyS0.service getty.target ssh.socket postgresql.service debug-shell.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer man-db.timer e2scrub_all.timer fstrim.timer systemd-firstboot.service

# Nobody logs in here, so nothing has to become somebody else. What a package brings that is not known here stops the build.
allowed=$(sed 's/#.*//' "$here"/hardening/suid.list | sed '/^[[:space:]]*$/d')
known=$'/usr/bin/chage\n/usr/bin/chfn\n/usr/bin/chsh\n/usr/bin/expiry\n/usr/bin/gpasswd\n/usr/bin/mount\n/usr/bin/newgrp\n/usr/bin/passwd\n/usr/bin/ssh-agent\n/usr/bin/su\n/usr/bin/umount\n/usr/lib/openssh/ssh-keysign\n/usr/libexec/opensmtpd/mail.local\n/usr/sbin/smtpctl\n/usr/sbin/unix_chkpwd'
while IFS= read -r program; do
  grep -qxF "$program" <<<"$allowed" && continue
  grep -qxF "$program" <<<"$known" || { echo "overlay.sh: $program runs with more rights than who starts it, and is not known: judge it, then add it to hardening/suid.list or to those that lose them" >&2; exit 1; }
  chmod ug-s "$tree$program"
done < <(find "$tree" -xdev -perm /6000 -type f -printf '/%P\n')
# No password anywhere: every account is locked.
awk -F: '$2 !~ /^[!*]/ { print "overlay.sh: the account " $1 " has a password"; found = 1 } END { exit found }' "$tree"/etc/shadow >&2

# Nothing that differs between two builds of the same packages, and nothing that identifies a machine.
rm -rf "$tree"/var/lib/apt/lists/* "$tree"/var/cache/* "$tree"/var/log/* "$tree"/var/lib/systemd/random-seed "$tree"/var/lib/dbus/machine-id "$tree"/etc/ssh/ssh_host_* "$tree"/root/.??* "$tree"/tmp/* "$tree"/run/*
find "$tree" -name '*.pyc' -delete
rm -f "$tree"/etc/machine-id "$tree"/etc/resolv.conf "$tree"/etc/{passwd,group,shadow,gshadow,subuid,subgid}- "$tree"/etc/.pwd.lock
: > "$tree"/etc/machine-id
ln -s ../run/cirt/resolv.conf "$tree"/etc/resolv.conf
