#!/usr/bin/env bash
# Makes the machine whose programs are recorded: a Debian 12 of its own in a folder, with systemd as its first process.
#
#   sudo tests/understanding/capture/machine.sh make ROOT      debootstrap and packages; once
#   sudo tests/understanding/capture/machine.sh boot ROOT      run it, in the background, in namespaces of its own
#   sudo tests/understanding/capture/machine.sh run ROOT CMD…  run a command in it as root
#   sudo tests/understanding/capture/machine.sh halt ROOT
#
# Its accounts, services, network and journal are its own; the host's are not touched.
set -euo pipefail

readonly packages=(
  apache2 apache2-utils at auditd cron curl dbus dovecot-imapd expect fail2ban haproxy iproute2 iputils-ping libpam-systemd logrotate
  netcat-openbsd nginx-light openssh-server polkitd postfix postgresql-15 postgresql-15-pgaudit procps python3 python3-systemd sshpass
  sudo systemd systemd-sysv systemd-timesyncd vsftpd whois)

# Clock, kernel modules and reboot belong to the host: nothing in the machine, nor what `run` starts there, may touch them.
readonly without=-sys_time,-sys_module,-sys_boot

mirror() {
  # shellcheck disable=SC2016  # apt's own variables
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 2>/dev/null |
    awk '$2 == "bookworm" && $3 == "main" { print $1; exit }'
}

make() {
  local root=$1 from
  from=$(mirror)
  debootstrap --variant=minbase --include=ca-certificates bookworm "$root" ${from:+"$from"}
  cp -L /etc/resolv.conf "$root/etc/"
  apt-config dump | grep '^Acquire::' >"$root/etc/apt/apt.conf.d/90host" || true
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
  echo web-1 >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n127.0.1.1 web-1\n' >"$root/etc/hosts"
  chroot "$root" env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    bash -c "apt-get -q update && apt-get -q -y install --no-install-recommends ${packages[*]}"
  rm "$root/usr/sbin/policy-rc.d"
  # What cannot work in namespaces, or would only fill the journal.
  chroot "$root" systemctl mask systemd-udevd systemd-networkd systemd-resolved systemd-timesyncd systemd-sysctl \
    getty.target apt-daily.timer apt-daily-upgrade.timer auditd
}

boot() {
  local root=$1
  # shellcheck disable=SC2016  # expanded by the inner shell
  setsid unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child bash -euc '
    root=$1 without=$2
    mount --make-rprivate /
    mount --bind "$root" "$root"
    cd "$root"
    ip link set lo up
    hostname web-1
    mount -t proc proc proc
    mount --bind proc/sys proc/sys
    mount -o remount,bind,ro proc/sys
    mount -t sysfs -o ro sysfs sys
    mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
    mkdir sys/fs/cgroup/systemd
    mount -t cgroup -o none,name=systemd,xattr cgroup sys/fs/cgroup/systemd
    mount -t tmpfs -o mode=755 tmpfs dev
    for node in null zero full random urandom tty; do touch dev/$node; mount --bind /dev/$node dev/$node; done
    mkdir dev/pts dev/shm
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    mount -t tmpfs tmpfs dev/shm
    mount -t tmpfs -o mode=755 tmpfs run
    mkdir old
    pivot_root . old 2>/dev/null || true
    exec setpriv --inh-caps "$without" --bounding-set "$without" \
      env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . /bin/bash -c "
        umount -l /old 2>/dev/null; rmdir /old 2>/dev/null
        exec /lib/systemd/systemd --log-target=journal"
  ' bash "$root" "$without" >"$root.console" 2>&1 </dev/null &
  echo $! >"$root.pid"
}

first_process() { pgrep -P "$(cat "$1.pid")" | head -n 1; }

run() {
  local first
  first=$(first_process "$1")
  shift
  nsenter --target "$first" --mount --pid --net --uts --ipc --cgroup "--root=/proc/$first/root" --wdns=/ \
    setpriv --inh-caps "$without" --bounding-set "$without" \
    env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

halt() { kill -KILL "$(cat "$1.pid")"; }

case ${1:-} in
  make) make "$2" ;;
  boot) boot "$2" ;;
  halt) halt "$2" ;;
  run) run "${@:2}" ;;
  *) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" ;;
esac
exit
