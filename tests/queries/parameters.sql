-- case: success: parameters take the type of what they meet
-- before
CREATE TABLE t (id int PRIMARY KEY, a text, b boolean, c date, old text);
-- migration
ALTER TABLE t DROP COLUMN old;
-- query
SELECT id FROM t WHERE id = $1 AND a LIKE $2 AND b = $3 AND c BETWEEN $4 AND $5 LIMIT $6
-- query
INSERT INTO t (id, a, b, c) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET a = $2, c = coalesce($4, t.c)
-- query
SELECT id FROM t WHERE ($1::text IS NULL OR a = $1) AND id = ANY ($2)

-- case: failure: a parameter stands beside a column that goes
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t DROP COLUMN a;
-- query
SELECT id FROM t WHERE a = $1
-- query
UPDATE t SET a = $1 WHERE id = $2

-- case: failure: a parameter with a type of its own meets another
-- before
CREATE TABLE t (id int PRIMARY KEY, a text, b bigint);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE int USING 1, ALTER COLUMN b TYPE text;
-- query
SELECT id FROM t WHERE a = $1::text
-- query
SELECT id FROM t WHERE a = ANY ($1::text[])
-- query
SELECT id FROM t WHERE b = $1::bigint
-- query
UPDATE t SET a = $1::text

-- case: trap: one parameter in two places gets two types (fails: 42883)
-- before
CREATE TABLE t (id int PRIMARY KEY, a int, b int);
-- migration
ALTER TABLE t ALTER COLUMN b TYPE text;
-- query
SELECT id FROM t WHERE a = $1 AND b = $1

-- case: trap: one parameter in two places of assignment gets two types (fails: 42P08)
-- before
CREATE TABLE t (id int PRIMARY KEY, a text, b text);
-- migration
ALTER TABLE t ALTER COLUMN b TYPE int USING 1;
-- query
UPDATE t SET a = $1, b = $1

-- case: trap: the type of a column changes under a parameter alone (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a int);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE uuid USING gen_random_uuid();
-- query
SELECT id FROM t WHERE a = $1
-- query
SELECT id FROM t WHERE a = ANY ($1) OR a IN ($2, $3)
-- query
UPDATE t SET a = $1

-- case: trap: arithmetic with a parameter needs an operator (fails: 42883)
-- before
CREATE TABLE t (id int PRIMARY KEY, a int);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE text;
-- query
UPDATE t SET a = a + $1
-- query
SELECT a * $1 FROM t

-- case: trap: a parameter added to a date is taken for a date (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a int);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE date USING current_date;
-- query
SELECT a - $1 FROM t

-- case: failure: a boolean parameter stands alone and a column does too
-- before
CREATE TABLE t (id int PRIMARY KEY, a boolean);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE smallint USING a::int;
-- query
SELECT id FROM t WHERE $1 AND a
-- query
SELECT id FROM t WHERE a = $1::boolean
