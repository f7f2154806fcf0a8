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

-- case: trap: what says nothing of the type of a parameter (fails: 42P18, 42804)
-- before
CREATE TABLE t (a int, b text);
-- migration
ALTER TABLE t ADD COLUMN c int;
-- query
SELECT a FROM t WHERE $1 IS NULL
-- query
SELECT concat($1, b) FROM t
-- query
SELECT count($1) FROM t
-- query
SELECT to_jsonb($1) FROM t
-- query
SELECT json_agg($1) FROM t
-- query
SELECT jsonb_build_object('k', $1)
-- query
SELECT array_to_string('{a,b}', ',') FROM t
-- query
SELECT ($1)[1] FROM t

-- case: trap: what gives a parameter its type all the same (works)
-- before
CREATE TABLE t (a int, b text);
-- migration
ALTER TABLE t ADD COLUMN c int;
-- query
SELECT a FROM t WHERE a = $1 OR $1 IS NULL
-- query
SELECT $1, coalesce($2, $3), ARRAY[$4], CASE WHEN $5 THEN $6 END
-- query
SELECT a FROM t WHERE $1 IS NOT DISTINCT FROM $2 AND EXISTS (SELECT $3) ORDER BY $4
-- query
SELECT a FROM t WHERE a IN ($1) AND $2 IN ($3, 1.5) AND a = ANY (ARRAY[$4, $5]::int[])
-- query
SELECT x FROM (SELECT $1 AS x) y WHERE x = 'a'
-- query
SELECT string_agg($1, ',') FROM t
-- query
SELECT a FROM t WHERE now() > now() - make_interval(secs => $1)
-- query
SELECT ARRAY[1, 2] || $1 FROM t

-- case: trap: a parameter that two operands of IN want otherwise (fails: 42P08)
-- before
CREATE TABLE t (a int, b text);
-- migration
ALTER TABLE t ADD COLUMN c int;
-- query
SELECT a FROM t WHERE $1 IN ($2, a)
-- query
SELECT a FROM t WHERE $1 IS NULL OR a = $1
-- query
SELECT concat($1) FROM t WHERE a = $1
