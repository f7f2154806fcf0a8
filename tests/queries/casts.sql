-- case: success: casts between built-in types
-- before
CREATE TABLE t (id int PRIMARY KEY, n numeric, old text);
-- migration
ALTER TABLE t DROP COLUMN old;
-- query
SELECT id::text, CAST(n AS int), n::numeric(10, 2), $1::int FROM t
-- query
SELECT id::bigint::text::varchar(3) FROM t

-- case: failure: the type of the cast goes
-- before
CREATE DOMAIN email AS text;
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
DROP DOMAIN email;
-- query
SELECT a::email FROM t
-- query
SELECT CAST($1 AS email)
-- query
SELECT $1::email[]

-- case: failure: no cast from the new type
-- before
CREATE TABLE t (id int PRIMARY KEY, flag int);
-- migration
ALTER TABLE t ALTER COLUMN flag TYPE date USING current_date;
-- query
SELECT flag::boolean FROM t
-- query
SELECT flag::int + 1 FROM t

-- case: trap: every type casts to text explicitly (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a int);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE date USING current_date;
-- query
SELECT a::text || 'x', 'x' || a FROM t

-- case: trap: a bigint does not cast to boolean though an integer does (fails: 42846)
-- before
CREATE TABLE t (id int PRIMARY KEY, flag int);
-- migration
ALTER TABLE t ALTER COLUMN flag TYPE bigint;
-- query
SELECT flag::boolean FROM t

-- case: trap: text casts to anything by its input (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a date);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE text;
-- query
SELECT a::date FROM t
-- query
SELECT a::timestamptz, CAST(a AS date) - 1 FROM t

-- case: trap: a function named like a type is a cast (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE varchar(10);
-- query
SELECT text(a), date(a), float8(id), int8(id) FROM t

-- case: trap: an assignment casts where a comparison does not (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ADD COLUMN b date;
-- query
INSERT INTO t (id, a) VALUES (1.6, 12)
-- query
UPDATE t SET a = current_date, id = id::bigint

-- case: trap: a comparison does not cast where an assignment does (fails: 42883)
-- before
CREATE TABLE t (id int PRIMARY KEY, a int);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE text;
-- query
SELECT id FROM t WHERE a = 12
-- query
SELECT id FROM t WHERE a = id

-- case: failure: a cast of one's own is dropped
-- before
CREATE TYPE point2 AS (x int, y int);
CREATE TABLE t (id int PRIMARY KEY);
CREATE FUNCTION to_point2(int) RETURNS point2 LANGUAGE sql IMMUTABLE AS $$ SELECT ROW($1, $1)::point2 $$;
CREATE CAST (int AS point2) WITH FUNCTION to_point2(int);
-- migration
DROP CAST (int AS point2);
-- query
SELECT id::point2 FROM t

-- case: trap: the type of a cast is read first, and arrays are cast element by element
-- before
CREATE TYPE mood AS ENUM ('sad');
CREATE TABLE t (a int, b text);
-- migration
DROP TYPE mood;
-- query
SELECT missing::mood FROM t
-- query
SELECT ARRAY['a', 'b']::int[] FROM t
-- query
SELECT ARRAY[a]::uuid[] FROM t
-- query
SELECT '{x}'::int[], '{1,2}'::int[] FROM t
-- query
SELECT 'x'::uuid FROM t
-- query
SELECT '{a}'::jsonb FROM t
-- query
SELECT 'x'::interval FROM t
