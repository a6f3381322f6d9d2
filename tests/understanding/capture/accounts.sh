#!/usr/bin/env bash
# Runs inside the machine: makes and changes accounts and groups, and does it wrongly too. No error ends it.
set -u
as() { runuser -u "$1" -- "${@:2}"; }

groupadd staff2
groupadd --gid 4100 auditors
groupadd --system backup2
groupadd auditors
for user in ada bob carol; do useradd --create-home --shell /bin/bash "$user"; done
useradd --create-home --shell /bin/bash --groups auditors --comment 'Dora Klein' dora
useradd --create-home --shell /usr/sbin/nologin eve
useradd --create-home --shell /bin/bash --expiredate 2020-01-01 frank
useradd --create-home --shell /bin/bash mallory
useradd --create-home --shell /opt/shell grace
useradd --create-home --shell /bin/bash heidi
useradd --system --no-create-home --shell /usr/sbin/nologin backup-agent
useradd ada
useradd --gid nosuchgroup ivan
useradd --uid 0 --non-unique --no-create-home --shell /bin/bash toor
for user in ada bob carol dora eve frank mallory grace heidi; do echo "$user:Str0ng-$user" | chpasswd; done
printf 'n3w-pass-Ada\nn3w-pass-Ada\n' | passwd ada
echo 'ada:Str0ng-ada' | chpasswd
printf 'Str0ng-bob\nA-fresh-0ne-Bob\nA-fresh-0ne-Bob\n' | as bob passwd
echo 'bob:Str0ng-bob' | chpasswd
printf 'not-mine\nx\nx\n' | as carol passwd
printf 'Str0ng-carol\nabc\nabc\n' | as carol passwd
printf '\nx\n' | as dora passwd ada
passwd --lock heidi
passwd --unlock heidi
passwd --expire dora
passwd --delete grace
echo 'grace:Str0ng-grace' | chpasswd
chage --mindays 0 --maxdays 90 --warndays 14 ada
chage --expiredate 2027-06-30 bob
chage --lastday 0 carol
chage --lastday 2026-11-20 carol
chage --lastday 2026-11-20 dora
as ada chage --list ada
as ada chage --list bob
as ada chage --maxdays 3 bob
usermod --append --groups sudo ada
usermod --append --groups auditors,staff2 bob
usermod --lock mallory
usermod --unlock mallory
usermod --shell /bin/sh carol
usermod --comment 'Carol Weber' carol
usermod --home /srv/dora --move-home dora
usermod --login judy heidi
usermod --uid 4242 judy
usermod --gid staff2 judy
usermod --expiredate 2026-12-31 judy
usermod --inactive 10 judy
usermod --groups auditors nobody-there
chsh --shell /bin/bash carol
printf 'Str0ng-ada\n' | as ada chsh --shell /bin/sh
printf 'wrong\n' | as bob chsh --shell /bin/sh
as eve chsh --shell /bin/bash
printf 'Str0ng-ada\n' | as ada chfn --home-phone 555-0101
chfn --full-name 'Bob Young' bob
gpasswd --add carol auditors
gpasswd --delete carol auditors
gpasswd --administrators dora auditors
as dora gpasswd --add eve auditors
as eve gpasswd --add carol auditors
gpasswd --members ada,bob staff2
printf 'group-pw\ngroup-pw\n' | gpasswd staff2
gpasswd --remove-password staff2
gpasswd --restrict staff2
groupmems --group staff2 --add dora
groupmems --group staff2 --delete dora
groupmod --new-name reviewers auditors
groupmod --gid 4300 reviewers
groupdel backup2
groupdel nothing-there
groupdel ada
as mallory newgrp reviewers </dev/null
printf 'guess\n' | as mallory newgrp staff2
useradd --create-home temp1
useradd --create-home temp2
usermod --append --groups reviewers temp2
userdel temp1
userdel --remove temp2
userdel nobody-there
usermod --add-subuids 700000-700999 carol
vipw -h >/dev/null
echo 'nosuch:pw' | chpasswd
true
