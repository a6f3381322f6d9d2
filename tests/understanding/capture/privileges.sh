#!/usr/bin/env bash
# Runs inside the machine: su, sudo, login, at and cron, allowed and refused. No error ends it.
set -u
as() { runuser -u "$1" -- "${@:2}"; }
# typed PASSWORD COMMAND: at a terminal, with the password typed when asked for.
typed() { expect -c "set timeout 15; spawn $2; expect -re {assword.*:} {send \"$1\\r\"; exp_continue} eof {} timeout {}" >/dev/null; }

cat >/etc/sudoers.d/capture <<'END'
Defaults:carol log_exit_status
bob ALL=(ALL) /usr/bin/id, /usr/bin/cat
carol ALL=(postgres) NOPASSWD: /usr/bin/psql, (root) NOPASSWD: /usr/bin/journalctl
%reviewers ALL=(root) NOPASSWD: /usr/bin/tail
END
chmod 0440 /etc/sudoers.d/capture
cd /tmp || exit 1

# sudo
echo Str0ng-ada | as ada sudo -S id
echo Str0ng-ada | as ada sudo -S -u postgres psql -c 'select 1'
echo Str0ng-ada | as ada sudo -S -i id
echo Str0ng-ada | as ada sudo -S PGHOST=/tmp TZ=UTC env
echo Str0ng-ada | as ada sudo -S sh -c 'echo a; echo "b (c)" | wc -l'
echo Str0ng-ada | as ada sudo -S systemctl restart cron
echo Str0ng-ada | as ada sudo -S useradd kevin
echo Str0ng-ada | as ada sudo -S userdel kevin
echo Str0ng-ada | as ada sudo -S EDITOR=/bin/true sudoedit /etc/motd
echo Str0ng-bob | as bob sudo -S cat /etc/shadow
echo Str0ng-bob | as bob sudo -S bash
echo Str0ng-bob | as bob sudo -S -u postgres id
printf 'a\nb\nc\n' | as bob sudo -S id
printf 'wrong\n' | as bob sudo -S id
as bob sudo -n id
echo Str0ng-carol | as carol sudo -S -u postgres psql -c 'select 2'
as carol sudo journalctl -n 1
as carol sudo cat /etc/shadow
echo Str0ng-eve | as eve sudo -S id
echo Str0ng-mallory | as mallory sudo -S cat /root/.ssh/id_rsa
as dora sudo tail -n 1 /etc/passwd
echo Str0ng-bob | as bob sudo -S -l
as mallory sudo -l </dev/null
as root sudo -u ada id
typed Str0ng-ada 'runuser -u ada -- sudo id'
typed Str0ng-frank 'runuser -u frank -- sudo id'
echo 'bad line here' >/etc/sudoers.d/broken; as ada sudo -n true; rm /etc/sudoers.d/broken
as ada sudo -n -u nosuchuser id
as ada sudo -S -g reviewers id <<<Str0ng-ada
as ada sudo -S -D /root ls <<<Str0ng-ada
as ada sudo -S reboot --nonsense <<<Str0ng-ada

# su
su - ada -c true
su bob -c true
as ada sshpass -p Str0ng-bob su bob -c true
as ada sshpass -p Str0ng-bob su - bob -c true
as bob sshpass -p guess su root -c true
as mallory sshpass -p guess su - ada -c true
as mallory sshpass -p guess su - nosuchuser -c true
as carol sshpass -p Str0ng-frank su frank -c true
as carol sshpass -p Str0ng-eve su eve -c true
typed Str0ng-carol 'runuser -u ada -- su - carol -c true'
typed guess 'runuser -u bob -- su - ada -c true'
runuser -l dora -c true

# login(1)
login_as() {
  expect -c "set timeout 20; spawn /bin/login; expect ogin:; send \"$1\r\"; expect assword:; send \"$2\r\";
    expect {incorrect {close} \\\\$ {send \"exit\r\"; expect eof} expired {close} eof {} timeout {}}" >/dev/null
}
login_as ada Str0ng-ada
login_as bob nope
login_as nosuchuser nope
login_as root nope
login_as frank Str0ng-frank

# cron and at: they fire on the minute
echo 'ada' >/etc/at.deny
printf '* * * * * echo hello >/dev/null\n' | as bob crontab -
printf '* * * * * /bin/false\n*/1 * * * * cd /tmp && ls -l | wc -l # 50%% done\n' | as ada crontab -
as ada crontab -l
as dora crontab -l
printf '@hourly true\n' | as dora crontab -
as dora crontab -r
printf '61 * * * * true\n' | as carol crontab -
echo mallory >/etc/cron.deny
as mallory crontab -l
crontab -u carol -l
printf '* * * * * nosuchuser true\n* * * * * root /usr/bin/test -d /srv && echo "(x)"\n' >/etc/cron.d/capture
printf 'bad line\n' >/etc/cron.d/broken
printf '* * * * * frank true\n' >/etc/cron.d/expired
echo true | as bob at now
echo true | as ada at now
echo true | at now + 1 minute
EDITOR='sed -i s/hello/bye/' as bob crontab -e
true
