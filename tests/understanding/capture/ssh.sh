#!/usr/bin/env bash
# Runs inside the machine: a day of an SSH server, from several addresses. No error ends it.
set -u
for address in 192.0.2.10 203.0.113.9 203.0.113.77 198.51.100.23; do ip address add "$address/32" dev lo 2>/dev/null; done
ip -6 address add 2001:db8::10/128 dev lo nodad 2>/dev/null
ip -6 address add 2001:db8::bad/128 dev lo nodad 2>/dev/null

cat >/etc/ssh/sshd_config.d/capture.conf <<'END'
DenyUsers judy
MaxAuthTries 3
LoginGraceTime 4
PermitRootLogin no
PasswordAuthentication yes
KbdInteractiveAuthentication yes
TrustedUserCAKeys /etc/ssh/ca.pub
RevokedKeys /etc/ssh/revoked
Match User dora
  ForceCommand internal-sftp -f AUTHPRIV -l VERBOSE
END
keys=/root/keys
mkdir -p $keys
for key in ada rsa revoked ca cert stranger; do
  [[ -f $keys/$key ]] || ssh-keygen -q -t "$([[ $key == rsa ]] && echo rsa || echo ed25519)" -N '' -C "$key@laptop" -f $keys/$key
done
cp $keys/ca.pub /etc/ssh/ca.pub
cp $keys/revoked.pub /etc/ssh/revoked
ssh-keygen -q -s $keys/ca -I 'bob laptop' -n bob -z 42 -V -1h:+1w $keys/cert.pub
install -d -o ada -g ada -m 0700 /home/ada/.ssh
cat $keys/{ada,rsa,revoked}.pub >/home/ada/.ssh/authorized_keys
chown ada: /home/ada/.ssh/authorized_keys
install -d -o bob -g bob -m 0700 /home/bob/.ssh
cp $keys/ada.pub /home/bob/.ssh/authorized_keys
chmod 0666 /home/bob/.ssh/authorized_keys
install -d -o dora -g dora -m 0700 /srv/dora/.ssh
install -o dora -g dora -m 0600 $keys/rsa.pub /srv/dora/.ssh/authorized_keys
systemctl restart ssh

options=(-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentitiesOnly=yes)
key() { ssh "${options[@]}" -o BatchMode=yes -i "$keys/$1" -b "$2" "${@:3}" </dev/null; }
password() { sshpass -p "$1" ssh "${options[@]}" -o PubkeyAuthentication=no -o NumberOfPasswordPrompts="${try:-1}" \
  -o PreferredAuthentications="${how:-password}" -b "$2" "${@:3}" </dev/null; }
day() {
  key ada 203.0.113.9 ada@192.0.2.10 true
  key rsa 127.0.0.5 ada@127.0.0.1 true
  key ada 2001:db8::bad ada@2001:db8::10 id
  key cert 198.51.100.23 -o CertificateFile=$keys/cert-cert.pub bob@192.0.2.10 true
  key cert 198.51.100.23 -o CertificateFile=$keys/cert-cert.pub carol@192.0.2.10 true
  key revoked 203.0.113.9 ada@192.0.2.10 true
  key stranger 203.0.113.77 ada@192.0.2.10 true
  key ada 203.0.113.77 bob@192.0.2.10 true
  key ada 203.0.113.77 root@192.0.2.10 true
  password Str0ng-bob 127.0.0.7 bob@127.0.0.1 true
  how=keyboard-interactive password Str0ng-carol 203.0.113.9 carol@192.0.2.10 true
  how=keyboard-interactive password wrong 203.0.113.9 carol@192.0.2.10 true
  password wrong 127.0.0.8 bob@127.0.0.1 true
  password wrong 2001:db8::bad ada@2001:db8::10 true
  try=3 password wrong 203.0.113.77 carol@192.0.2.10 true
  try=6 how=keyboard-interactive,password password wrong 203.0.113.77 bob@192.0.2.10 true
  password x 198.51.100.23 oracle@192.0.2.10 true
  password x 198.51.100.23 'test user'@192.0.2.10 true
  password x 127.0.0.9 admin@127.0.0.1 true
  try=5 how=keyboard-interactive,password password x 203.0.113.77 guest@192.0.2.10 true
  password x 203.0.113.77 root@192.0.2.10 true
  password Str0ng-judy 203.0.113.9 judy@192.0.2.10 true
  password Str0ng-frank 203.0.113.9 frank@192.0.2.10 true
  password Str0ng-grace 203.0.113.9 grace@192.0.2.10 true
  password Str0ng-eve 127.0.0.11 eve@127.0.0.1 true
  password Str0ng-mallory 203.0.113.9 mallory@192.0.2.10 true
  # sftp, which dora alone is held to
  printf '%s\n' pwd 'put /etc/hostname h1' 'get h1 /tmp/h1' 'mkdir d' '-rename h1 d/h2' 'chmod 600 d/h2' \
    'rm d/h2' 'rmdir d' 'get /etc/shadow /tmp/x' 'ls /' |
    sftp "${options[@]}" -i $keys/rsa -o BindAddress=203.0.113.9 -b - dora@192.0.2.10
  password Str0ng-dora 203.0.113.9 dora@192.0.2.10 id
  # scanners
  nc -z -s 203.0.113.77 192.0.2.10 22
  printf 'GET / HTTP/1.0\r\n\r\n' | nc -w 1 -s 203.0.113.77 192.0.2.10 22
  printf '\003\000\000\023' | nc -w 1 -s 198.51.100.23 192.0.2.10 22
  printf 'SSH-2.0-scanner\r\n' | nc -w 1 -s 198.51.100.23 192.0.2.10 22
  printf 'SSH-1.5-old\r\n' | nc -w 1 -s 198.51.100.23 192.0.2.10 22
  printf 'SSH-2.0-x\r\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' | nc -w 1 -s 198.51.100.23 192.0.2.10 22
  nc -w 6 -d -s 203.0.113.77 192.0.2.10 22
  nc -w 6 -d 127.0.0.1 22
  key ada 203.0.113.9 -o KexAlgorithms=diffie-hellman-group1-sha1 -o HostKeyAlgorithms=+ssh-rsa ada@192.0.2.10 true
  key ada 203.0.113.9 -o Ciphers=aes128-cbc ada@192.0.2.10 true
  ssh "${options[@]}" -b 203.0.113.9 -o PreferredAuthentications=none ada@192.0.2.10 true </dev/null
  ssh "${options[@]}" -b 203.0.113.9 -o PreferredAuthentications=none zoe@192.0.2.10 true </dev/null
  # a client that is killed, forwarding that is refused
  key ada 203.0.113.9 ada@192.0.2.10 sleep 30 & sleep 1; kill -9 $!
  key ada 203.0.113.9 -N -W 192.0.2.10:1 ada@192.0.2.10
  key ada 203.0.113.9 -N -R 80:127.0.0.1:80 -o ExitOnForwardFailure=yes ada@192.0.2.10
  key ada 203.0.113.9 ada@192.0.2.10 nosuchcommand
  key ada 203.0.113.9 -s ada@192.0.2.10 nosuchsubsystem
}
day >/dev/null 2>&1
echo 'LogLevel VERBOSE' >>/etc/ssh/sshd_config.d/loud.conf
printf 'MaxStartups 2:100:3\nAllowGroups ada bob sudo\n' >/etc/ssh/sshd_config.d/strict.conf
systemctl reload ssh
sleep 1
day >/dev/null 2>&1
for _ in 1 2 3 4 5 6; do nc -w 3 -d -s 203.0.113.77 192.0.2.10 22 >/dev/null & done
sleep 5
rm /etc/ssh/sshd_config.d/{loud,strict}.conf
echo 'NoSuchOption yes' >/etc/ssh/sshd_config.d/wrong.conf
systemctl reload ssh
systemctl restart ssh
rm /etc/ssh/sshd_config.d/wrong.conf
systemctl reset-failed ssh
systemctl restart ssh
true
