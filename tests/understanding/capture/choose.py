#!/usr/bin/env python3
"""Chooses lines for labelling from what collect.py found, read on standard input; prints them as JSON objects, a line each.

    collect.py ROOT 4 | choose.py

Lines that differ only in numbers, quoted text, units and accounts are one form. Of each form at most three are taken (two where a
program has many), in the order of a hash; then first ones of each form before second ones, up to a number for each program.
"""

import collections
import hashlib
import json
import re
import sys

from collect import ACCOUNTS, PASSWD

LIMITS = {'sshd': 76, 'sudo': 44, 'su': 18, 'cron': 30, 'accounts': 72,
          'apache access': 26, 'apache error': 14, 'nginx access': 22, 'nginx error': 18, 'postgres': 100,
          'systemd': 56, 'login': 10, 'internal-sftp': 18, 'vsftpd': 16, 'dovecot': 20,
          'postfix': 20, 'haproxy': 16, 'fail2ban': 10, 'other': 16}
MANY = {'systemd', 'haproxy', 'postfix', 'apache access', 'apache error', 'nginx access', 'nginx error', 'postgres'}
GROUPS = {'auth': 'dovecot', 'doveadm': 'dovecot', 'CRON': 'cron', 'crontab': 'cron', 'atd': 'cron',
          'polkitd': 'systemd', 'groupmems': 'accounts'}


def group(item):
    program, message = item['program'], item['door']['message']
    if program == 'apache':
        return 'apache error' if 'error' in item['from'] else 'apache access'
    if program == 'nginx':
        return 'nginx access' if re.match(r'[0-9a-f.:]+ - ', message) else 'nginx error'
    if program in PASSWD:
        return 'accounts'
    if program != 'internal-sftp':
        program = GROUPS.get(program, re.split(r'[/.-]', program)[0])
    return program if program in LIMITS else 'other'


def form(text, access):
    if access:
        return re.sub(r'\d{2}:\d{2}:\d{2}|\d{5,}', '0', text)
    text = re.sub(r'SHA256:\S+', 'KEY', re.sub(r'[0-9a-fA-F:.]*[0-9][0-9a-fA-F:.]*', '0', text))
    text = re.sub(rf'\b({ACCOUNTS})\b', 'U', re.sub(r"'[^']*'|\"[^\"]*\"", 'Q', text))
    return re.sub(r'\S+\.(service|timer|target|mount|scope|slice|socket|device)( - .*)?', 'UNIT', text)


def order(item):
    return hashlib.sha256(('pick' + json.dumps(item['door'])).encode()).hexdigest()


def main():
    seen, exact, chosen = collections.Counter(), set(), collections.defaultdict(list)
    for item in sorted(map(json.loads, sys.stdin), key=order):
        name, message = group(item), item['door']['message']
        key = name, form(message, 'access' in name)
        if (name, message) in exact or len(message) > 2000 or seen[key] >= (2 if name in MANY else 3):
            continue
        exact.add((name, message))
        seen[key] += 1
        chosen[name].append((seen[key], item))
    for name, limit in LIMITS.items():
        for _, item in sorted(chosen[name], key=lambda pair: pair[0])[:limit]:
            print(json.dumps(item))


main()
