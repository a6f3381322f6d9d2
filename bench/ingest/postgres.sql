-- The peer: an audit table in PostgreSQL as one would build it with care. Each row's hash covers the row before it and its
-- own payload, so a changed row shows; the head is locked while the chain grows, so it never forks.
CREATE EXTENSION pgcrypto;

CREATE TABLE audit_log (
  seq        bigint      NOT NULL,
  actor      text        NOT NULL,
  action     text        NOT NULL,
  time       timestamptz NOT NULL,
  request_id uuid        NOT NULL,
  payload    jsonb       NOT NULL,
  hash       bytea       NOT NULL   -- digest(hash of the row before || payload, 'sha256')
);
CREATE INDEX ON audit_log (actor);
CREATE INDEX ON audit_log (action);
CREATE INDEX ON audit_log (time);
CREATE INDEX ON audit_log (request_id);
CREATE INDEX ON audit_log USING gin (payload);

CREATE TABLE audit_head (seq bigint NOT NULL, hash bytea NOT NULL) WITH (fillfactor = 10);
INSERT INTO audit_head VALUES (0, '\x');

-- Appends one event a line, chained, in one transaction.
CREATE FUNCTION append_chained(lines text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  head     audit_head%ROWTYPE;
  payloads jsonb[] := '{}';
  hashes   bytea[] := '{}';
  first    bigint;
  event    jsonb;
BEGIN
  SELECT array_agg(line::jsonb) INTO payloads FROM string_to_table(lines, E'\n') AS line;
  PERFORM pg_advisory_xact_lock(1);  -- cheaper than a row lock when many wait; what its last holder committed is seen
  SELECT * INTO head FROM audit_head;
  first := head.seq;
  FOREACH event IN ARRAY payloads LOOP
    head.hash := digest(head.hash || convert_to(event::text, 'UTF8'), 'sha256');
    hashes := hashes || head.hash;
  END LOOP;
  INSERT INTO audit_log
    SELECT first + row.nr, row.event #>> '{actor,id}', row.event ->> 'action', (row.event ->> 'time')::timestamptz,
           (row.event #>> '{context,request_id}')::uuid, row.event, row.hash
    FROM unnest(payloads, hashes) WITH ORDINALITY AS row (event, hash, nr);
  UPDATE audit_head SET seq = first + cardinality(hashes), hash = head.hash;
  RETURN first + cardinality(hashes);
END $$;
