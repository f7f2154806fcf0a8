-- case: success: rows of values
-- before
CREATE TABLE t (id int PRIMARY KEY, a text, old text);
-- migration
ALTER TABLE t DROP COLUMN old;
-- query
VALUES (1, 'a'), (2, 'b') ORDER BY 1
-- query
SELECT v.id, t.a FROM (VALUES ($1::int), ($2)) AS v (id) JOIN t ON t.id = v.id
-- query
SELECT column1 FROM (VALUES (1), (2)) v

-- case: failure: a subquery among the values
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t DROP COLUMN a;
-- query
VALUES ((SELECT max(a) FROM t)), ('x')
-- query
SELECT v.a FROM t, LATERAL (VALUES (t.a), (upper(t.a))) AS v (a)

-- case: failure: the types of a column of values part company
-- before
CREATE TABLE t (id int PRIMARY KEY, a int);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE boolean USING a <> 0;
-- query
SELECT v FROM t, LATERAL (VALUES (t.id), (t.a)) AS v (v)

-- case: trap: the columns of values are named by the alias alone (works)
-- before
CREATE TABLE v (a int, b int);
-- migration
DROP TABLE v;
-- query
SELECT v.a, b FROM (VALUES (1, 2)) AS v (a, b)

-- case: trap: a value that is a comparison changes type with the column (fails: 42883)
-- before
CREATE TABLE t (id int PRIMARY KEY, a int);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE text;
-- query
SELECT t.id FROM t JOIN (VALUES (1), (2)) AS v (a) ON v.a = t.a
