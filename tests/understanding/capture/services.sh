#!/usr/bin/env bash
# Runs inside the machine: units that start, stop and fail, and a mail and a file server. No error ends it.
set -u
unit() { printf '[Unit]\nDescription=%s\n[Service]\n%s\n' "$2" "$3" >"/etc/systemd/system/$1"; }
unit payroll.service 'Payroll export' $'Type=oneshot\nExecStart=/bin/true'
unit broken.service 'Broken job' $'ExecStart=/bin/false'
unit crashy.service 'Crashing job' $'ExecStart=/bin/sh -c "kill -SEGV $$$$"\nRestart=on-failure\nRestartSec=100ms'
unit absent.service 'Absent program' $'ExecStart=/opt/absent'
unit slow.service 'Slow starter' $'Type=notify\nExecStart=/bin/sleep 60\nTimeoutStartSec=1'
unit stubborn.service 'Stubborn' \
  $'ExecStart=/bin/sh -c "trap : TERM; while :; do sleep 1; done"\nTimeoutStopSec=1'
unit worker.service 'Worker' $'ExecStart=/bin/sleep 1000\nUser=ada'
unit nouser.service 'No such user' $'ExecStart=/bin/true\nUser=nosuch'
printf '%s\n' '[Unit]' 'Description=Dependent' 'Requires=oneshot-fails.service' 'After=oneshot-fails.service' '[Service]' \
  'ExecStart=/bin/true' >/etc/systemd/system/needs.service
unit oneshot-fails.service 'Failing step' $'Type=oneshot\nExecStart=/bin/false'
unit reloader.service 'Reloader' $'ExecStart=/bin/sleep 1000\nExecReload=/bin/true'
printf '%s\n' '[Unit]' 'Description=Payroll timer' '[Timer]' 'OnActiveSec=2' 'AccuracySec=1ms' '[Install]' 'WantedBy=timers.target' \
  >/etc/systemd/system/payroll.timer
printf 'bad line\n[Service]\nExecStart=bin/relative\nNonsense=1\n' >/etc/systemd/system/typo.service
systemctl daemon-reload
systemctl start payroll
systemctl start broken
systemctl start crashy; sleep 1
systemctl start absent
systemctl start slow
systemctl start stubborn; systemctl stop stubborn
systemctl start worker; systemctl restart worker; systemctl kill --signal=KILL worker; sleep 0.3
systemctl start nouser
systemctl start needs
systemctl start reloader; systemctl reload reloader; systemctl stop reloader
systemctl start payroll.timer; sleep 3; systemctl stop payroll.timer
systemctl start typo
systemctl enable payroll.timer; systemctl disable payroll.timer
systemctl mask --runtime worker; systemctl start worker; systemctl unmask --runtime worker
systemd-run --unit=adhoc --description='Ad hoc job' /bin/echo finished
systemd-run --unit=limited -p MemoryMax=1G /bin/sh -c 'echo out; echo err >&2; exit 3'
systemctl isolate multi-user.target
hostnamectl set-hostname web-2; sleep 1; hostnamectl set-hostname web-1; hostnamectl set-chassis server
timedatectl set-timezone Europe/Berlin; timedatectl set-timezone Etc/UTC
timedatectl set-ntp true
localectl set-locale LANG=C.UTF-8
loginctl enable-linger ada; sleep 1; loginctl disable-linger ada
runuser -u ada -- systemctl restart cron </dev/null
runuser -u ada -- dbus-send --system --print-reply --dest=org.freedesktop.systemd1 /org/freedesktop/systemd1 \
  org.freedesktop.systemd1.Manager.Reload
journalctl --rotate; journalctl --vacuum-size=500M; journalctl --verify >/dev/null

# mail
sed -i 's/^#*disable_plaintext_auth.*/disable_plaintext_auth = no/; s/^#*auth_verbose .*/auth_verbose = yes/' \
  /etc/dovecot/conf.d/10-auth.conf
printf 'auth_verbose = yes\nmail_location = maildir:~/Maildir\nssl = no\nlisten = *\n' >/etc/dovecot/conf.d/99-capture.conf
systemctl restart dovecot; sleep 1
imap() { printf '%b' "$2" | nc -w "${wait:-2}" -s "$1" 192.0.2.10 143 >/dev/null; }
imap 203.0.113.9 'a login ada Str0ng-ada\r\nb select inbox\r\nc logout\r\n'
imap 203.0.113.9 'a login bob Str0ng-bob\r\n'
wait=5 imap 203.0.113.77 'a login bob wrong\r\nb logout\r\n'
wait=5 imap 203.0.113.77 'a login nosuch wrong\r\nb login nosuch2 x\r\nc logout\r\n'
imap 203.0.113.77 'a logout\r\n'
imap 203.0.113.77 'GET / HTTP/1.0\r\n\r\n'
wait=5 imap 203.0.113.9 'a login frank Str0ng-frank\r\n'
imap 203.0.113.77 ''
postconf -e inet_protocols=ipv4 inet_interfaces=all mynetworks=127.0.0.0/8 myhostname=mail.example mydestination=mail.example,localhost \
  smtpd_sasl_auth_enable=yes smtpd_sasl_type=dovecot smtpd_sasl_path=private/auth smtpd_client_message_rate_limit=0 maillog_file=
printf '%s\n' 'service auth {' ' unix_listener /var/spool/postfix/private/auth {' '  mode = 0666' ' }' '}' \
  'auth_mechanisms = plain login' >>/etc/dovecot/conf.d/99-capture.conf
systemctl restart dovecot; systemctl restart postfix; sleep 2
cat >/tmp/smtp.py <<'END'
import base64, smtplib, sys
def session(source, user=None, password=None, sender='shop@example.com', to='ada@mail.example', helo='client.example'):
    try:
        s = smtplib.SMTP('192.0.2.10', 25, helo, 10, (source, 0))
        s.ehlo()
        if user:
            s.login(user, password)
        s.sendmail(sender, [to], 'Subject: hello\n\nbody\n')
        s.quit()
    except Exception as e:
        print(e)
session('203.0.113.9')
session('203.0.113.9', to='nosuch@mail.example')
session('203.0.113.77', to='victim@elsewhere.example')
session('203.0.113.9', 'ada', 'Str0ng-ada', to='bob@mail.example')
session('203.0.113.77', 'bob', 'wrong')
session('203.0.113.77', 'nosuch', 'x')
END
python3 /tmp/smtp.py
printf 'EHLO x\r\nNONSENSE\r\nQUIT\r\n' | nc -w 2 -s 203.0.113.77 192.0.2.10 25 >/dev/null
printf '' | nc -w 1 -s 203.0.113.77 192.0.2.10 25 >/dev/null
runuser -u ada -- sendmail bob@mail.example <<<'Subject: local'
runuser -u ada -- sendmail nobody@nowhere.invalid <<<'Subject: gone'
sleep 3

# files
printf '%s\n' xferlog_enable=YES local_enable=YES write_enable=YES syslog_enable=YES dual_log_enable=YES \
  log_ftp_protocol=NO anonymous_enable=NO listen=YES listen_ipv6=NO pam_service_name=vsftpd \
  seccomp_sandbox=NO secure_chroot_dir=/var/run/vsftpd/empty >/etc/vsftpd.conf
systemctl restart vsftpd; sleep 1
ftp() { curl -s -o /dev/null --max-time 10 --interface "$1" -u "$2" "${@:3}"; }
ftp 203.0.113.9 ada:Str0ng-ada ftp://192.0.2.10/.bashrc
ftp 203.0.113.9 ada:Str0ng-ada -T /etc/motd ftp://192.0.2.10/motd
ftp 203.0.113.9 ada:Str0ng-ada -Q 'MKD folder' -Q 'RNFR motd' -Q 'RNTO motd2' -Q 'DELE motd2' -Q 'RMD folder' ftp://192.0.2.10/
ftp 203.0.113.9 ada:Str0ng-ada ftp://192.0.2.10/missing
ftp 203.0.113.77 bob:wrong ftp://192.0.2.10/
ftp 203.0.113.77 nosuch:wrong ftp://192.0.2.10/
ftp 203.0.113.77 anonymous:x@y ftp://192.0.2.10/

# a guard that reads the journal
printf '%s\n' '[DEFAULT]' 'banaction = noop' 'allowipv6 = auto' '[sshd]' 'enabled = true' 'backend = systemd' 'maxretry = 2' 'bantime = 5' \
  >/etc/fail2ban/jail.local
printf '[Definition]\nactionban = true\nactionunban = true\n' >/etc/fail2ban/action.d/noop.conf
sed -i 's/^logtarget.*/logtarget = SYSLOG/' /etc/fail2ban/fail2ban.conf
systemctl restart fail2ban; sleep 4
for _ in 1 2 3; do
  sshpass -p x ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o PubkeyAuthentication=no \
    -b 203.0.113.77 guest@192.0.2.10 true
done
sleep 8
fail2ban-client set sshd banip 198.51.100.23; fail2ban-client set sshd unbanip 198.51.100.23
fail2ban-client set sshd addignoreip 127.0.0.5
systemctl stop fail2ban
logger -p auth.warning -t door 'badge 4711 refused at gate 2'
logger -p local3.info 'a line without meaning'
logger -t 'app[77]' --id=99 'user=ada action=export table=customers rows=120'
true
