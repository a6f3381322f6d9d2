#!/usr/bin/env bash
# Runs inside the machine: nginx on 8080, Apache on 8081, HAProxy on 8082 in front, and requests of all kinds. No error ends it.
set -u
for address in 192.0.2.10 203.0.113.9 203.0.113.77 198.51.100.23; do ip address add "$address/32" dev lo 2>/dev/null; done
ip -6 address add 2001:db8::10/128 dev lo nodad 2>/dev/null
ip -6 address add 2001:db8::bad/128 dev lo nodad 2>/dev/null
htpasswd -bc /etc/htpasswd ada Str0ng-ada
htpasswd -b /etc/htpasswd bob Str0ng-bob
chmod 644 /etc/htpasswd
mkdir -p /srv/www/{private,secret,data}
echo welcome >/srv/www/index.html
echo report >/srv/www/private/report.html
echo no >/srv/www/secret/file; chmod 000 /srv/www/secret/file
head -c 20000 /dev/urandom >/srv/www/data/export.bin

cat >/etc/nginx/sites-enabled/default <<'END'
upstream dead { server 127.0.0.1:1; }
limit_req_zone $binary_remote_addr zone=slow:1m rate=1r/m;
server {
  listen 8080; listen [::]:8080;
  root /srv/www;
  access_log /var/log/nginx/access.log combined;
  access_log syslog:server=unix:/dev/log,facility=local7,tag=nginx,nohostname combined;
  error_log /var/log/nginx/error.log info;
  error_log syslog:server=unix:/dev/log,tag=nginx,nohostname info;
  client_max_body_size 1k;
  location /private { auth_basic "staff"; auth_basic_user_file /etc/htpasswd; }
  location /deny { deny all; }
  location /dead { proxy_pass http://dead; }
  location /slow { limit_req zone=slow; return 200 "ok"; }
  location /old { return 301 /index.html; }
  location /post { return 204; }
  location /fail { return 500; }
}
END
cat >/etc/apache2/ports.conf <<'END'
Listen 8081
END
cat >/etc/apache2/sites-enabled/000-default.conf <<'END'
ServerName web-1.example
ServerTokens Prod
<VirtualHost *:8081>
  DocumentRoot /srv/www
  ErrorLog ${APACHE_LOG_DIR}/error.log
  CustomLog ${APACHE_LOG_DIR}/access.log combined
  CustomLog ${APACHE_LOG_DIR}/common.log common
  CustomLog ${APACHE_LOG_DIR}/vhost.log vhost_combined
  Redirect /old /index.html
  <Directory /srv/www>
    Require all granted
    <Limit PUT DELETE>
      Require all denied
    </Limit>
  </Directory>
  <Location /private>
    AuthType Basic
    AuthName "staff"
    AuthUserFile /etc/htpasswd
    Require valid-user
  </Location>
  <Location /ada-only>
    AuthType Basic
    AuthName "staff"
    AuthUserFile /etc/htpasswd
    Require user ada
  </Location>
  <Location /deny>
    Require all denied
  </Location>
</VirtualHost>
END
cp --no-clobber /etc/haproxy/haproxy.cfg /etc/haproxy/haproxy.base
cp /etc/haproxy/haproxy.base /etc/haproxy/haproxy.cfg
cat >>/etc/haproxy/haproxy.cfg <<'END'
frontend shop
  bind :8082
  bind [::]:8082
  log /dev/log local0
  option httplog
  use_backend none if { path_beg /none }
  use_backend gone if { path_beg /gone }
  http-request deny if { path_beg /deny }
  default_backend web
backend web
  server nginx 127.0.0.1:8080 check inter 300ms
  server apache 127.0.0.1:8081 check inter 300ms
backend none
backend gone
  server dead 127.0.0.1:1
frontend raw
  bind :8083
  log /dev/log local0
  mode tcp
  option tcplog
  default_backend rawweb
backend rawweb
  mode tcp
  server nginx 127.0.0.1:8080
END
systemctl restart nginx apache2 haproxy
sleep 1

from() { curl -s -o /dev/null --max-time 5 --interface "$@"; }
raw() { printf '%b' "$3" | nc -w 1 -s "$1" 192.0.2.10 "$2" >/dev/null; }
for port in 8080 8081 8082; do
  site=http://192.0.2.10:$port
  from 203.0.113.9 $site/
  from 127.0.0.5 http://127.0.0.1:$port/index.html -A 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' \
    -e "$site/start"
  from 2001:db8::bad "http://[2001:db8::10]:$port/data/export.bin"
  from 203.0.113.9 -I $site/data/export.bin
  from 203.0.113.9 -r 0-99 $site/data/export.bin
  from 203.0.113.9 $site/missing?id=7
  from 203.0.113.77 "$site/?q=%27%20OR%201=1--" -A 'sqlmap/1.7'
  from 203.0.113.77 --path-as-is "$site/../../etc/passwd"
  from 203.0.113.77 --path-as-is "$site/cgi-bin/.%2e/%2e%2e/etc/passwd"
  from 198.51.100.23 -u ada:Str0ng-ada $site/private/report.html
  from 198.51.100.23 -u bob:wrong $site/private/report.html
  from 198.51.100.23 -u nosuch:x $site/private/report.html
  from 198.51.100.23 $site/private/report.html
  from 198.51.100.23 -u bob:Str0ng-bob $site/ada-only/
  from 203.0.113.9 $site/secret/file
  from 203.0.113.9 $site/data/
  from 203.0.113.9 $site/deny
  from 203.0.113.9 $site/dead
  from 203.0.113.9 $site/fail
  from 203.0.113.9 $site/old
  from 203.0.113.9 -d 'name=x' $site/post
  from 203.0.113.9 -d @/srv/www/data/export.bin $site/post
  from 198.51.100.23 -X PUT -d x $site/upload
  from 198.51.100.23 -X DELETE $site/index.html
  from 198.51.100.23 -X OPTIONS $site/ -A 'probe "quoted" \ agent'
  from 198.51.100.23 -X PROPFIND $site/
  from 203.0.113.9 -u 'ada:Str0ng-ada' $site/private/none.html
  from 203.0.113.9 -H 'If-Modified-Since: Wed, 01 Jan 2031 00:00:00 GMT' $site/index.html
  for _ in 1 2 3; do from 203.0.113.77 $site/slow; done
  from 203.0.113.9 $site/none/x
  from 203.0.113.9 $site/gone/x
  raw 203.0.113.77 $port 'GARBAGE\r\n\r\n'
  raw 203.0.113.77 $port '\x16\x03\x01\x02\x00\x01\x00'
  raw 203.0.113.77 $port 'GET / HTTP/1.1\r\n\r\n'
  raw 203.0.113.77 $port 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n'
  raw 203.0.113.77 $port 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n'
done
from 203.0.113.9 http://192.0.2.10:8083/
systemctl stop apache2; sleep 1; from 203.0.113.9 http://192.0.2.10:8082/; systemctl start apache2; sleep 1
echo 'nonsense;' >/etc/nginx/conf.d/bad.conf; nginx -t; systemctl reload nginx; systemctl restart nginx
rm /etc/nginx/conf.d/bad.conf
systemctl reset-failed nginx; systemctl start nginx; nginx -s reload; sleep 1
apachectl graceful; apachectl -k graceful-stop; sleep 1; systemctl restart apache2
echo 'Nonsense on' >/etc/apache2/conf-enabled/bad.conf; systemctl reload apache2; rm /etc/apache2/conf-enabled/bad.conf
systemctl reset-failed; systemctl restart apache2
systemctl reload haproxy
true
