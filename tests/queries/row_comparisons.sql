-- case: success: rows compared field by field
-- before
CREATE TABLE t (id int PRIMARY KEY, a int, at timestamptz, old text);
-- migration
ALTER TABLE t DROP COLUMN old;
-- query
SELECT id FROM t WHERE (at, id) < ($1, $2) ORDER BY at DESC, id DESC LIMIT 20
-- query
SELECT id FROM t WHERE (id, a) IN ((1, 2), (3, 4)) OR (id, a) = (SELECT id, a FROM t LIMIT 1) OR ROW(a, id) IS DISTINCT FROM ROW(1, 2)
-- query
SELECT id FROM t WHERE (id, a) IN (SELECT id, a FROM t)

-- case: failure: a field of a keyset page goes
-- before
CREATE TABLE t (id int PRIMARY KEY, at timestamptz);
-- migration
ALTER TABLE t RENAME COLUMN at TO created_at;
-- query
SELECT id FROM t WHERE (at, id) > ($1, $2) ORDER BY at, id
-- query
SELECT id FROM t WHERE (id, at) IN (SELECT id, at FROM t)

-- case: failure: the fields of one place do not compare
-- before
CREATE TABLE t (id int PRIMARY KEY, a int);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE text;
-- query
SELECT id FROM t WHERE (id, a) = (1, 2)
-- query
SELECT id FROM t WHERE (a, id) > (1, 2)
-- query
SELECT id FROM t WHERE (id, a) IN (SELECT id, id FROM t)

-- case: trap: rows of unequal length after a star (fails: 42601)
-- before
CREATE TABLE pairs (a int, b int);
CREATE TABLE t (id int PRIMARY KEY, a int);
-- migration
ALTER TABLE pairs ADD COLUMN c int;
-- query
SELECT id FROM t WHERE (id, a) IN (SELECT * FROM pairs)

-- case: trap: a field captured from the outer query (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TABLE pairs (x int, a int);
-- migration
ALTER TABLE pairs DROP COLUMN a;
-- query
SELECT id FROM t WHERE (id, a) IN (SELECT x, a FROM pairs)

-- case: trap: quoted fields take the new type (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a int);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE text;
-- query
SELECT id FROM t WHERE (id, a) = ('1', '2') OR (id, a) IN (($1, $2))
