-- case: success: calls of functions that stay
-- before
CREATE FUNCTION add(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT a + b $$;
CREATE FUNCTION joined(VARIADIC parts text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT array_to_string(parts, ',') $$;
CREATE FUNCTION gone() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;
-- migration
DROP FUNCTION gone();
-- query
SELECT add(1), add(1, 2), add(b => 3, a => 1), public.add($1, $2)
-- query
SELECT joined('a', 'b', 'c'), joined(VARIADIC ARRAY['x'])

-- case: failure: a function is dropped
-- before
CREATE FUNCTION add(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT a + b $$;
CREATE TABLE t (id int PRIMARY KEY);
-- migration
DROP FUNCTION add(int, int);
-- query
SELECT add(1, 2)
-- query
SELECT id FROM t WHERE add(id, 1) > $1
-- query
UPDATE t SET id = add(id, 1)
-- query
SELECT * FROM add(1, 2)

-- case: failure: a parameter is renamed and named in the call
-- before
CREATE FUNCTION add(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $1 + $2 $$;
-- migration
DROP FUNCTION add(int, int);
CREATE FUNCTION add(x int, y int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $1 + $2 $$;
-- query
SELECT add(a => 1, b => 2)

-- case: failure: a default of a parameter goes
-- before
CREATE FUNCTION add(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT a + b $$;
-- migration
DROP FUNCTION add(int, int);
CREATE FUNCTION add(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT a + b $$;
-- query
SELECT add(1)

-- case: trap: a second overload is dropped (works)
-- before
CREATE FUNCTION size(a int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT a $$;
CREATE FUNCTION size(a text) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT length(a) $$;
-- migration
DROP FUNCTION size(text);
-- query
SELECT size(3)

-- case: trap: the dropped overload leaves a stricter one (fails: 42883)
-- before
CREATE FUNCTION size(a int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT a $$;
CREATE FUNCTION size(a text) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT length(a) $$;
CREATE TABLE t (id int PRIMARY KEY, name text);
-- migration
DROP FUNCTION size(text);
-- query
SELECT size(name) FROM t

-- case: trap: the dropped overload leaves one that the argument casts to (works)
-- before
CREATE FUNCTION size(a int) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT a::bigint $$;
CREATE FUNCTION size(a bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT a $$;
-- migration
DROP FUNCTION size(int);
-- query
SELECT size(3)

-- case: trap: a new overload makes an untyped argument ambiguous (fails: 42725)
-- before
CREATE FUNCTION size(a int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT a $$;
-- migration
CREATE FUNCTION size(a date) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 1 $$;
-- query
SELECT size('3')
-- query
SELECT size($1)

-- case: trap: a new overload for text takes untyped arguments (works)
-- before
CREATE FUNCTION size(a int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT a $$;
-- migration
CREATE FUNCTION size(a text) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 1 $$;
-- query
SELECT size('3')

-- case: trap: an overload with a default makes the short call ambiguous (fails: 42725)
-- before
CREATE FUNCTION notify_user(id int) RETURNS void LANGUAGE sql AS $$ SELECT $$;
-- migration
CREATE FUNCTION notify_user(id int, urgent boolean DEFAULT false) RETURNS void LANGUAGE sql AS $$ SELECT $$;
-- query
SELECT notify_user(7)
-- query
SELECT notify_user(id => $1)

-- case: trap: a function with the name of a built-in one is dropped (works)
-- before
CREATE FUNCTION lower(a int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '' $$;
CREATE TABLE t (id int, name text);
-- migration
DROP FUNCTION public.lower(int);
-- query
SELECT lower(name) FROM t

-- case: trap: a procedure has taken the place of the function (fails: 42809)
-- before
CREATE FUNCTION tidy(a int) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;
-- migration
DROP FUNCTION tidy(int);
CREATE PROCEDURE tidy(a int) LANGUAGE sql AS $$ SELECT 1 $$;
-- query
SELECT tidy(1)

-- case: failure: a range type of the project brings its constructor
-- before
CREATE TYPE uuidspan AS RANGE (subtype = uuid);
CREATE TABLE t (a uuidspan, b uuid);
-- migration
DROP TABLE t;
DROP TYPE uuidspan;
CREATE TYPE uuidspan AS RANGE (subtype = text);
CREATE TABLE t (a uuidspan, b uuid);
-- query
SELECT uuidspan($1::uuid, $2::uuid)
-- query
SELECT 1 FROM t WHERE a && uuidspan(b, NULL, '[]')
