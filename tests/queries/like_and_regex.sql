-- case: success: patterns on texts
-- before
CREATE TABLE t (id int PRIMARY KEY, a varchar(20), old text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE text;
ALTER TABLE t DROP COLUMN old;
-- query
SELECT id FROM t WHERE a LIKE $1 || '%' OR a ILIKE 'x_' ESCAPE '!' OR a NOT LIKE 'b' OR a SIMILAR TO '(a|b)%' OR a ~* '^x' OR a !~ 'y'
-- query
SELECT id, a LIKE ANY (ARRAY['a%', 'b%']), regexp_replace(a, '[0-9]', '') FROM t

-- case: failure: the matched column goes
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t DROP COLUMN a;
-- query
SELECT id FROM t WHERE a LIKE 'x%'
-- query
SELECT id FROM t WHERE a ILIKE $1
-- query
SELECT id FROM t WHERE a SIMILAR TO 'x'
-- query
SELECT id FROM t WHERE a ~ 'x'
-- query
SELECT id FROM t WHERE 'abc' LIKE a

-- case: failure: the matched column is no text any more
-- before
CREATE TABLE t (id int PRIMARY KEY, a text, b text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE uuid USING gen_random_uuid(), ALTER COLUMN b TYPE text[] USING ARRAY[b];
-- query
SELECT id FROM t WHERE a LIKE 'x%'
-- query
SELECT id FROM t WHERE a ILIKE $1
-- query
SELECT id FROM t WHERE b LIKE '%x%'
-- query
SELECT id FROM t WHERE a ~ 'x'
-- query
SELECT id FROM t WHERE a SIMILAR TO 'x'

-- case: trap: a cast to text saves the pattern (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE uuid USING gen_random_uuid();
-- query
SELECT id FROM t WHERE a::text LIKE 'x%' OR CAST(a AS varchar) ~ 'x'

-- case: trap: bytes match LIKE but not ILIKE (fails: 42883)
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE bytea USING a::bytea;
-- query
SELECT id FROM t WHERE a ILIKE 'x%'
-- query
SELECT id FROM t WHERE a ~ 'x'

-- case: trap: bytes match LIKE (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE bytea USING a::bytea;
-- query
SELECT id FROM t WHERE a LIKE 'x%'

-- case: trap: a pattern put together from parameters is a text whatever the width (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE varchar(30);
-- query
SELECT id FROM t WHERE a LIKE '%' || $1 || '%' AND a ~ ('^' || $2)
