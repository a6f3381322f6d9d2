#!/usr/bin/env python3
"""Gathers what the machine's programs wrote: one JSON object a line on standard output.

    collect.py ROOT [PER_FORM]

Reads the journal and the log files of a machine that machine.sh made. Lines that differ only in numbers, addresses and
names are one form; of each form PER_FORM (3) are kept, spread over the whole run and not chosen by what they say. A line has `program`,
`version`, `from` (where it stood) and `door`: what a syslog receiver knows of it.
"""

import collections
import glob
import json
import re
import subprocess
import sys

ACCOUNTS = ('ada|bob|carol|dora|eve|frank|grace|heidi|judy|mallory|root|postgres|kim|kevin|nosuch2?|nosuchuser|guest|oracle|admin|temp[12]|'
            'test user|backup-agent|toor|staff2|auditors|reviewers|zoe')
PACKAGES = {'sshd': 'openssh-server', 'sshd-session': 'openssh-server', 'sftp-server': 'openssh-server', 'internal-sftp': 'openssh-server',
            'CRON': 'cron', 'cron': 'cron', 'crontab': 'cron', 'atd': 'at', 'login': 'login', 'su': 'util-linux',
            'nginx': 'nginx-light', 'apache': 'apache2', 'apachectl': 'apache2', 'postgres': 'postgresql-15', 'auditd': 'auditd',
            'dovecot': 'dovecot-core', 'auth': 'dovecot-core', 'fail2ban-server': 'fail2ban', 'fail2ban': 'fail2ban',
            'runuser': 'util-linux', 'newgrp': 'login',
            'dbus-daemon': 'dbus', 'root': 'bsdutils', 'door': 'bsdutils', 'app': 'bsdutils', 'groupmems': 'passwd'}


def package(program):
    if program.startswith('postfix'):
        return 'postfix'
    if program.startswith('systemd') or program.startswith('('):
        return 'systemd'
    return PACKAGES.get(program, 'passwd' if program in PASSWD else program)


PASSWD = {'useradd', 'usermod', 'userdel', 'groupadd', 'groupmod', 'groupdel', 'gpasswd', 'passwd', 'chage', 'chsh', 'chfn', 'chpasswd'}


LOG_FILES = [('/var/log/nginx/error.log', 'nginx', 'local7'), ('/var/log/apache2/access.log', 'apache', 'local6'),
             ('/var/log/apache2/common.log', 'apache', 'local6'), ('/var/log/apache2/vhost.log', 'apache', 'local6'),
             ('/var/log/apache2/error.log', 'apache', 'local6'), ('/var/log/xferlog', 'vsftpd', 'ftp'),
             ('/tmp/pg-debian.out', 'postgres', 'local0'), ('/tmp/pg-pgbadger.out', 'postgres', 'local0'),
             ('/tmp/pg-session.out', 'postgres', 'local0')]


def form(text):
    text = re.sub(r'[0-9a-fA-F:.]*[0-9][0-9a-fA-F:.]*', '0', text)
    text = re.sub(r'SHA256:\S+', 'KEY', text)
    return re.sub(rf'\b({ACCOUNTS})\b', 'U', text)


def journal(root):
    command = ['journalctl', '--directory', f'{root}/var/log/journal', '-o', 'json', '--all', '--no-pager']
    for line in subprocess.run(command, capture_output=True, check=True).stdout.splitlines():
        item = json.loads(line)
        message = item.get('MESSAGE')
        app = item.get('SYSLOG_IDENTIFIER') or item.get('_COMM')
        if not isinstance(message, str) or not app or item['_TRANSPORT'] == 'kernel':
            continue
        door = {'app': app}
        pid = item.get('SYSLOG_PID') or (item.get('_PID') if item['_TRANSPORT'] != 'syslog' else None)
        if pid:
            door['pid'] = pid
        door['host'] = 'web-1'
        names = 'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp'.split()
        facility = int(item.get('SYSLOG_FACILITY', 3 if item['_TRANSPORT'] != 'syslog' else 1))
        door['facility'] = names[facility] if facility < 12 else f'local{facility - 16}'
        door['message'] = message
        yield app, f"journal ({item['_TRANSPORT']})", door


def files(root):
    for pattern, program, facility in LOG_FILES:
        for path in glob.glob(root + pattern):
            for line in open(path, encoding='utf-8', errors='surrogateescape').read().splitlines():
                try:
                    line.encode()
                except UnicodeEncodeError:
                    continue
                if line and not line.startswith('\t'):
                    app = {'apache': 'apache2', 'postgres': 'postgresql'}.get(program, program)
                    yield program, pattern, {'app': app, 'host': 'web-1', 'facility': facility, 'message': line}


def main():
    root = sys.argv[1]
    per_form = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    command = ['dpkg-query', '--admindir', f'{root}/var/lib/dpkg', '-W', '-f', '${Package} ${Version}\n']
    status = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    versions = dict(line.split() for line in status.splitlines())
    forms = collections.OrderedDict()
    for program, source, door in [*journal(root), *files(root)]:
        key = (program, source.split()[0], form(door['message']))
        forms.setdefault(key, []).append((program, source, door))
    for lines in forms.values():
        step = max(1, len(lines) // per_form)
        for program, source, door in lines[::step][:per_form]:
            print(json.dumps({'program': program, 'version': versions.get(package(program), ''), 'from': source, 'door': door}))


if __name__ == '__main__':
    main()
