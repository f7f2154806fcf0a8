-- case: success: branches of types that match
-- before
CREATE TABLE t (id int PRIMARY KEY, a int, b int);
-- migration
ALTER TABLE t ALTER COLUMN b TYPE numeric;
-- query
SELECT coalesce(a, b, 0), CASE WHEN a > 1 THEN a ELSE b END, greatest(a, b), nullif(a, b), ARRAY[a, b] FROM t
-- query
SELECT CASE a WHEN b THEN 'x' WHEN 2 THEN 'y' END FROM t

-- case: failure: an integer beside a text
-- before
CREATE TABLE t (id int PRIMARY KEY, a int, b int);
-- migration
ALTER TABLE t ALTER COLUMN b TYPE text;
-- query
SELECT coalesce(a, b) FROM t
-- query
SELECT coalesce(b, 0) FROM t
-- query
SELECT CASE WHEN id > 1 THEN a ELSE b END FROM t
-- query
SELECT CASE a WHEN b THEN 1 END FROM t
-- query
SELECT greatest(a, b) FROM t
-- query
SELECT nullif(a, b) FROM t
-- query
SELECT ARRAY[a, b] FROM t

-- case: failure: a default of the wrong kind
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE int USING 1;
-- query
SELECT coalesce(a, '') FROM t
-- query
SELECT coalesce(a, 'none') FROM t
-- query
SELECT CASE WHEN a IS NULL THEN 'none' ELSE a END FROM t

-- case: trap: an untyped literal takes the type of its neighbours (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE int USING 1;
-- query
SELECT coalesce(a, '0'), CASE WHEN a IS NULL THEN '1' ELSE a END, coalesce(a, NULL, $1) FROM t

-- case: trap: a cast of the first branch keeps the rest apart (fails: 42804)
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE int USING 1;
-- query
SELECT coalesce(a, $1::text) FROM t

-- case: trap: the type changes on the table that the alias does not mean (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
CREATE TABLE u (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE int USING 1;
-- query
SELECT coalesce(t.a, 'x') FROM u AS t

-- case: failure: a moment beside a number
-- before
CREATE TABLE t (id int PRIMARY KEY, a timestamp, b timestamp);
-- migration
ALTER TABLE t ALTER COLUMN b TYPE bigint USING 1;
-- query
SELECT coalesce(a, b) FROM t
-- query
SELECT least(a, b, now()) FROM t

-- case: trap: timestamps with and without zone go together (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a timestamp, b timestamp);
-- migration
ALTER TABLE t ALTER COLUMN b TYPE timestamptz;
-- query
SELECT coalesce(a, b, current_date) FROM t WHERE a < b
