#!/usr/bin/env bash
# Runs on the host, as root, for a machine that is booted: the kernel's audit of it, and of nothing else.
#
#   audit.sh ROOT
#
# The kernel has one audit for all namespaces, so this switches it on for the seconds that it takes: a task rule leaves
# out every process not forked by the machine's user ada (uid 1000). It refuses to run beside another audit daemon, and
# leaves the rule `never,task` behind, with which an audit that is switched off costs nothing.
set -euo pipefail
root=$1
here=$(dirname "$(readlink -f "$0")")
inside() { "$here/machine.sh" run "$root" "$@"; }
control() { chroot "$root" auditctl "$@"; }

if [[ $(control -s | awk '$1 == "pid" { print $2 }') != 0 ]]; then
  echo 'There is an audit daemon already.' >&2
  exit 1
fi
rm -f "$root"/var/log/audit/audit.log
mkdir -p "$root/run" "$root/var/run"
control -D
control -a never,task -F uid!=1000
control -b 8192
control -w "/etc/passwd" -p wa -k identity
control -w "/etc/sudoers.d" -p wa -k privilege
control -w "/srv/www/secret" -p rwa -k secret
control -a always,exit -F arch=b64 -S execve -F uid=1000 -k exec
control -a always,exit -F arch=b64 -S openat -F exit=-EACCES -F uid=1000 -k access
unshare --mount chroot "$root" auditd -n &
daemon=$!
finish() {
  kill "$daemon" || true
  wait "$daemon" || true
  control -e 0
  control -D
  control -a never,task
  control -b 64
}
trap finish EXIT
for _ in $(seq 50); do
  if [[ -s $root/var/log/audit/audit.log ]]; then break; fi
  sleep 0.1
done

# shellcheck disable=SC2016  # expanded inside
inside bash -c '
  set +e
  as() { runuser -u "$1" -- "${@:2}"; }
  cd /tmp
  ssh_as() { sshpass -p "$1" ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
    -o PubkeyAuthentication=no -o NumberOfPasswordPrompts=1 -b "$2" "$3" "$4" </dev/null; }
  ssh_as Str0ng-ada 203.0.113.9 ada@192.0.2.10 "cat /etc/shadow; ls /srv/www/secret
     cat /srv/www/secret/file; touch /etc/passwd; sh -c exit"
  ssh_as wrong 203.0.113.77 bob@192.0.2.10 true
  ssh_as x 203.0.113.77 nosuch@192.0.2.10 true
  ssh_as Str0ng-judy 203.0.113.9 judy@192.0.2.10 true
  ssh_as Str0ng-ada 203.0.113.9 ada@192.0.2.10 "echo Str0ng-ada | sudo -S cat /srv/www/secret/file
    echo Str0ng-ada | sudo -S sh -c \"echo x > /etc/sudoers.d/zz; rm /etc/sudoers.d/zz\"
    echo wrong | sudo -S id"
  echo Str0ng-ada | as ada sudo -S id
  echo Str0ng-eve | as eve sudo -S id
  as ada sshpass -p Str0ng-bob su bob -c true
  as bob sshpass -p guess su ada -c true
  useradd --create-home kim; usermod --append --groups staff2 kim; usermod --lock kim
  groupadd crew; gpasswd --add kim crew; groupmod --new-name crew2 crew
  echo kim:Str0ng-kim | chpasswd
  printf "wrong\nx\nx\n" | as kim passwd
  chage --maxdays 30 kim
  userdel --remove kim; groupdel crew2
  systemctl restart cron; systemctl start broken; systemctl stop atd; systemctl start atd
  sleep 61
'
