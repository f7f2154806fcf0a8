-- case: success: functions with a syntax of their own
-- before
CREATE TABLE t (id int PRIMARY KEY, a text, at timestamptz, old text);
-- migration
ALTER TABLE t DROP COLUMN old;
-- query
SELECT substring(a FROM 1 FOR 2), substring(a FROM '[0-9]+'), overlay(a PLACING 'x' FROM 2 FOR 1), position('b' IN a), trim(both 'x' FROM a), trim(a), trim(trailing FROM a), extract(year FROM at), at AT TIME ZONE 'UTC', normalize(a), a COLLATE "C", collation for (a) FROM t

-- case: failure: the argument of each goes
-- before
CREATE TABLE t (id int PRIMARY KEY, a text, at timestamptz);
-- migration
ALTER TABLE t DROP COLUMN a, DROP COLUMN at;
-- query
SELECT substring(a FROM 1 FOR 2) FROM t
-- query
SELECT overlay(a PLACING 'x' FROM 2) FROM t
-- query
SELECT position('b' IN a) FROM t
-- query
SELECT trim(both 'x' FROM a) FROM t
-- query
SELECT extract(year FROM at) FROM t
-- query
SELECT at AT TIME ZONE 'UTC' FROM t
-- query
SELECT a COLLATE "C" FROM t
-- query
SELECT id FROM t ORDER BY a COLLATE "C"

-- case: failure: the text becomes an integer
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE int USING 1;
-- query
SELECT substring(a FROM 1 FOR 2) FROM t
-- query
SELECT position('b' IN a) FROM t
-- query
SELECT trim(a) FROM t
-- query
SELECT a COLLATE "C" FROM t
-- query
SELECT overlay(a PLACING 'x' FROM 2) FROM t

-- case: trap: the field of extract is no column (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, at timestamptz, year int);
-- migration
ALTER TABLE t DROP COLUMN year;
-- query
SELECT extract(year FROM at), extract('year' FROM at), date_part('year', at) FROM t

-- case: trap: extract of a date has no hours (fails: 0A000)
-- beyond: units of a date are checked at run time
-- stage: execute
-- before
CREATE TABLE t (id int PRIMARY KEY, at timestamptz);
INSERT INTO t VALUES (1, now());
-- migration
ALTER TABLE t ALTER COLUMN at TYPE date;
-- query
SELECT extract(hour FROM at) FROM t

-- case: trap: bytes have a substring and a position too (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE bytea USING a::bytea;
-- query
SELECT substring(a FROM 1 FOR 2), length(a), position('b' IN a), octet_length(a) FROM t

-- case: trap: bytes have no upper case and no regular expressions (fails: 42883)
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE bytea USING a::bytea;
-- query
SELECT upper(a) FROM t
-- query
SELECT regexp_replace(a, '[0-9]+', '') FROM t

-- case: trap: a pattern is taken for a position when the text becomes bytes (fails: 22P02)
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE bytea USING a::bytea;
-- query
SELECT substring(a FROM '[0-9]+') FROM t
