#!/usr/bin/env bash
# Runs inside the machine: one day of a database with pgaudit, once for each way PostgreSQL writes its log. No error ends it.
set -u
data=/srv/postgres
bin=/usr/lib/postgresql/15/bin
as_postgres() { runuser -u postgres -- "$@"; }
systemctl stop postgresql

cat >/tmp/day.sql <<'END'
CREATE ROLE ada LOGIN PASSWORD 'Str0ng-ada';
CREATE USER bob PASSWORD 'Str0ng-bob' CONNECTION LIMIT 1;
CREATE ROLE readers NOLOGIN;
CREATE DATABASE shop OWNER ada;
GRANT readers TO bob;
ALTER ROLE bob VALID UNTIL '2027-01-01';
ALTER USER ada WITH SUPERUSER;
ALTER ROLE ada NOSUPERUSER CREATEROLE;
ALTER SYSTEM SET work_mem = '8MB';
SELECT pg_reload_conf();
REVOKE readers FROM bob;
DROP ROLE nosuch;
CREATE EXTENSION IF NOT EXISTS pgaudit;
SET pgaudit.log = 'all';
SELECT count(*) FROM pg_authid;
COPY (SELECT 1) TO '/tmp/copy.out';
VACUUM pg_class;
CHECKPOINT;
END
cat >/tmp/shop.sql <<'END'
CREATE TABLE account (id int PRIMARY KEY, name text NOT NULL, password text, balance numeric CHECK (balance >= 0));
CREATE INDEX account_name ON account (name);
CREATE VIEW names AS SELECT name FROM account;
GRANT SELECT, UPDATE (name) ON account TO readers;
GRANT USAGE ON SCHEMA public TO bob;
INSERT INTO account VALUES (1, 'Ada', 'x', 10), (2, 'Bob, "B" Young', 'y', 20);
UPDATE account SET balance = balance - 5 WHERE id = 1;
SELECT * FROM account WHERE id = 1;
SELECT name
  FROM names
  WHERE name LIKE 'A%';
DELETE FROM account WHERE id = 2;
INSERT INTO account VALUES (1, 'Twice', 'z', 1);
INSERT INTO account VALUES (3, NULL, 'z', 1);
UPDATE account SET balance = -1;
SELECT * FROM missing;
SELEC 1;
SELECT 1/0;
BEGIN; LOCK TABLE account; ROLLBACK;
PREPARE find (int) AS SELECT name FROM account WHERE id = $1; EXECUTE find(1);
COPY account TO STDOUT;
TRUNCATE account;
ALTER TABLE account ADD COLUMN email text;
ALTER TABLE account OWNER TO readers;
CREATE FUNCTION twice(i int) RETURNS int LANGUAGE sql AS 'SELECT i * 2';
SELECT twice(4);
DO $$ BEGIN RAISE NOTICE 'hello'; RAISE WARNING 'careful'; END $$;
SELECT pg_sleep(0.3);
DROP VIEW names;
COMMENT ON TABLE account IS 'money';
REVOKE ALL ON account FROM readers;
SET ROLE readers;
END

# day NAME SETTINGS…
day() {
  local name=$1
  shift
  rm -rf $data
  install -d -o postgres -g postgres -m 0700 $data
  as_postgres $bin/initdb -D $data --auth-local=peer --auth-host=scram-sha-256 -U postgres >/dev/null
  cat >>$data/postgresql.conf <<'END'
listen_addresses = '*'
unix_socket_directories = '/var/run/postgresql'
shared_preload_libraries = 'pgaudit'
log_connections = on
log_disconnections = on
log_min_duration_statement = 200
log_lock_waits = on
log_temp_files = 0
log_checkpoints = on
pgaudit.log = 'read, write, role, ddl, function, misc_set'
pgaudit.log_catalog = off
logging_collector = off
log_timezone = 'UTC'
END
  printf '%s\n' "$@" >>$data/postgresql.conf
  printf '%s\n' 'host all mallory all reject' 'hostssl all carol all md5' 'host all dora all trust' 'local all eve peer' |
    cat - $data/pg_hba.conf >$data/hba
  sed -i 's/^host *all *all *127.0.0.1\/32.*/host shop,postgres all 0.0.0.0\/0 scram-sha-256/' $data/hba
  mv $data/hba $data/pg_hba.conf; chown postgres: $data/pg_hba.conf
  as_postgres $bin/pg_ctl -D $data -w -l "/tmp/pg-$name.out" start
  psql_as() { PGPASSWORD=$1 psql -h "$2" -U "$3" -d "$4" "${@:5}"; }
  as_postgres psql -f /tmp/day.sql
  psql_as Str0ng-ada 127.0.0.1 ada shop -f /tmp/shop.sql
  psql_as Str0ng-bob 127.0.0.1 bob shop -c 'SELECT name FROM account' -c 'UPDATE account SET name = 1' -c 'DROP TABLE account' \
    -c 'CREATE ROLE eve2' -c 'ALTER ROLE postgres PASSWORD NULL' -c "SELECT pg_read_file('/etc/passwd')"
  psql_as wrong 127.0.0.1 ada shop -c 'select 1'
  psql_as wrong 192.0.2.10 nosuch shop -c 'select 1'
  psql_as x 192.0.2.10 mallory shop -c 'select 1'
  psql_as x 192.0.2.10 carol shop -c 'select 1'
  psql_as x 192.0.2.10 dora shop -c 'select 1'
  psql_as Str0ng-ada 192.0.2.10 ada nosuchdb -c 'select 1'
  PGAPPNAME='report job' psql_as Str0ng-ada 192.0.2.10 ada shop -c 'select current_user'
  runuser -u ada -- psql -U postgres -d postgres -c 'select 1'
  runuser -u bob -- psql -d postgres -c 'select 1'
  psql_as Str0ng-bob 127.0.0.1 bob shop -c 'select pg_sleep(2)' & sleep 0.5
  psql_as Str0ng-bob 127.0.0.1 bob shop -c 'select 1'
  as_postgres psql -c "select pg_cancel_backend(pid) from pg_stat_activity where usename = 'bob'"
  psql_as Str0ng-ada 127.0.0.1 ada shop -c 'select pg_sleep(5)' & sleep 0.5
  as_postgres psql -c "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'ada'"
  psql_as Str0ng-ada 127.0.0.1 ada shop -c "set statement_timeout = 100; select pg_sleep(3)"
  printf 'GET / HTTP/1.0\r\n\r\n' | nc -w 1 127.0.0.1 5432 >/dev/null
  nc -z 127.0.0.1 5432
  as_postgres psql -c 'ALTER DATABASE shop OWNER TO postgres' -c 'DROP OWNED BY ada' -c 'DROP DATABASE shop' \
    -c 'DROP ROLE bob' -c 'DROP ROLE postgres'
  echo "nonsense = 1" >>$data/postgresql.conf; as_postgres $bin/pg_ctl -D $data reload; sleep 0.5
  as_postgres $bin/pg_ctl -D $data -w stop -m fast
  sed -i /nonsense/d $data/postgresql.conf
  wait
}
day syslog "log_destination = 'syslog'" "syslog_ident = 'postgres'" "log_line_prefix = '%q%u@%d '"
day debian "log_line_prefix = '%m [%p] %q%u@%d '"
day pgbadger "log_line_prefix = '%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h '" "log_statement = 'ddl'"
day session "log_line_prefix = '%m %c %u@%r/%d %e '" "log_statement = 'all'" "log_duration = on"
day csv "log_destination = 'csvlog'" 'logging_collector = on' "log_directory = '/tmp/pg-csv'"
day json "log_destination = 'jsonlog'" 'logging_collector = on' "log_directory = '/tmp/pg-json'"
systemctl start postgresql
true
