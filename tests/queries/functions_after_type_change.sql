-- case: success: functions that take the new type too
-- before
CREATE TABLE t (id int PRIMARY KEY, a int, b text, c timestamp);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE bigint, ALTER COLUMN b TYPE varchar(50), ALTER COLUMN c TYPE timestamptz;
-- query
SELECT abs(a), to_char(a, '999'), upper(b), length(b), concat(a, b), date_trunc('day', c), to_char(c, 'YYYY'), age(c), greatest(a, 1), format('%s', a) FROM t

-- case: failure: an integer becomes a text
-- before
CREATE TABLE t (id int PRIMARY KEY, a int);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE text;
-- query
SELECT abs(a) FROM t
-- query
SELECT round(a) FROM t
-- query
SELECT to_timestamp(a) FROM t
-- query
SELECT generate_series(1, a) FROM t
-- query
SELECT left('abc', a) FROM t
-- query
SELECT mod(a, 2) FROM t

-- case: failure: a text becomes json
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE jsonb USING to_jsonb(a);
-- query
SELECT length(a) FROM t
-- query
SELECT lower(a) FROM t
-- query
SELECT id FROM t WHERE a LIKE '%x%'
-- query
SELECT split_part(a, ',', 1) FROM t

-- case: failure: a moment becomes a number of seconds
-- before
CREATE TABLE t (id int PRIMARY KEY, at timestamptz);
-- migration
ALTER TABLE t ALTER COLUMN at TYPE bigint USING extract(epoch FROM at);
-- query
SELECT date_trunc('day', at) FROM t
-- query
SELECT extract(year FROM at) FROM t
-- query
SELECT id FROM t WHERE at > now()
-- query
SELECT at AT TIME ZONE 'UTC' FROM t
-- query
INSERT INTO t (id, at) VALUES ($1, now())

-- case: trap: functions that take anything (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a int);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE text;
-- query
SELECT concat(a, 'x'), concat_ws('-', id, a), to_json(a), num_nulls(a, id), format('%s', a), quote_literal(a), pg_typeof(a), coalesce(a) FROM t

-- case: trap: an integer that is no text for length (fails: 42883)
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE int USING 1;
-- query
SELECT length(a) FROM t

-- case: trap: round takes places of numeric only (fails: 42883)
-- before
CREATE TABLE t (id int PRIMARY KEY, price numeric);
-- migration
ALTER TABLE t ALTER COLUMN price TYPE double precision;
-- query
SELECT round(price, 2) FROM t

-- case: trap: round of an integer goes by way of numeric (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, price numeric);
-- migration
ALTER TABLE t ALTER COLUMN price TYPE int;
-- query
SELECT round(price, 2), price / 2, trunc(price) FROM t
