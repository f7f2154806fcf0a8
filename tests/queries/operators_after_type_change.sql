-- case: success: operators that the new type has too
-- before
CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(10));
-- migration
ALTER TABLE t ALTER COLUMN a TYPE bigint, ALTER COLUMN b TYPE text;
-- query
SELECT a + 1, a * 2.5, a % 3, a & 1, -a, b || 'x', id || b FROM t WHERE a = $1 AND a < id AND b >= $2

-- case: failure: an integer becomes a text
-- before
CREATE TABLE t (id int PRIMARY KEY, a int);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE text;
-- query
SELECT id FROM t WHERE a = 1
-- query
SELECT id FROM t WHERE a > id
-- query
SELECT a + 1 FROM t
-- query
SELECT -a FROM t
-- query
SELECT id FROM t WHERE a IN (1, 2, 3)
-- query
SELECT id FROM t WHERE a BETWEEN 1 AND 3
-- query
SELECT id FROM t WHERE a = ANY ($1::int[])
-- query
SELECT t.id FROM t JOIN t AS u ON u.id = t.a
-- query
SELECT id FROM t WHERE NULLIF(a, 0) IS NULL

-- case: failure: a boolean becomes an integer
-- before
CREATE TABLE t (id int PRIMARY KEY, a boolean);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE int USING a::int;
-- query
SELECT id FROM t WHERE a
-- query
SELECT id FROM t WHERE NOT a
-- query
SELECT id FROM t WHERE a = true
-- query
SELECT id FROM t WHERE a IS TRUE
-- query
SELECT id FROM t WHERE a OR id = 1
-- query
SELECT CASE WHEN a THEN 1 END FROM t

-- case: failure: a text becomes an integer
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE int USING a::int;
-- query
SELECT id FROM t WHERE a LIKE '1%'
-- query
SELECT id FROM t WHERE a ~ '^1'
-- query
SELECT id FROM t WHERE a = $1::text
-- query
SELECT a || a FROM t
-- query
SELECT id FROM t WHERE a = 'x'

-- case: trap: parameters and quoted numbers take the new type (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE int USING a::int;
-- query
SELECT id FROM t WHERE a = $1 OR a = '7' OR a IN ('1', '2', $2)
-- query
SELECT a || 'x' FROM t

-- case: trap: the type of a column of the same name changes on another table (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TABLE u (id int PRIMARY KEY, a int);
-- migration
ALTER TABLE u ALTER COLUMN a TYPE text;
-- query
SELECT t.id FROM t JOIN u USING (id) WHERE t.a = 1

-- case: trap: time arithmetic changes with the type (fails: 42883)
-- before
CREATE TABLE t (id int PRIMARY KEY, a date);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE timestamptz;
-- query
SELECT a + 1 FROM t
-- query
SELECT a - 7 FROM t
-- query
SELECT id FROM t WHERE current_date - a > 30

-- case: trap: dates and times compare with each other (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a date);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE timestamptz;
-- query
SELECT a + interval '1 day' FROM t WHERE a >= current_date AND a < now() AND a = $1::date

-- case: failure: an integer key becomes a uuid
-- before
CREATE TABLE users (id int PRIMARY KEY);
CREATE TABLE orders (id int PRIMARY KEY, user_id int);
-- migration
ALTER TABLE users ALTER COLUMN id TYPE uuid USING gen_random_uuid();
-- query
SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id
-- query
SELECT id FROM users WHERE id = $1::int
-- query
DELETE FROM users WHERE id = 7

-- case: failure: an operator of one's own is dropped
-- before
CREATE TABLE t (id int PRIMARY KEY);
CREATE FUNCTION near(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT abs($1 - $2) < 3 $$;
CREATE OPERATOR ~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = near);
-- migration
DROP OPERATOR ~~~ (int, int);
-- query
SELECT id FROM t WHERE id ~~~ $1
-- query
SELECT id FROM t WHERE id OPERATOR(public.~~~) 3

-- case: failure: money meets numbers
-- before
CREATE TABLE t (id int PRIMARY KEY, price numeric);
-- migration
ALTER TABLE t ALTER COLUMN price TYPE money;
-- query
SELECT id FROM t WHERE price > 10
-- query
SELECT price + 1 FROM t

-- case: trap: a char column compares with text by its own rules (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE char(3);
-- query
SELECT id FROM t WHERE a = 'ab' OR a = $1::text OR a LIKE 'a%'
