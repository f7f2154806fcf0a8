-- case: success: columns with different names stay apart
-- before
CREATE TABLE a (id int, x int, old int);
CREATE TABLE b (id int, y int);
-- migration
ALTER TABLE a DROP COLUMN old;
-- query
SELECT id, x, y FROM a NATURAL JOIN b

-- case: failure: a column that is not common goes
-- before
CREATE TABLE a (id int, x int);
CREATE TABLE b (id int, y int);
-- migration
ALTER TABLE b DROP COLUMN y;
-- query
SELECT id, x, y FROM a NATURAL JOIN b

-- case: trap: an added column joins too and changes the answer without an error (works)
-- before
CREATE TABLE a (id int, x int, updated_at timestamptz);
CREATE TABLE b (id int, y int);
-- migration
ALTER TABLE b ADD COLUMN updated_at timestamptz;
-- query
SELECT id, x, y FROM a NATURAL JOIN b
-- query
SELECT updated_at FROM a NATURAL LEFT JOIN b

-- case: trap: an added column has a type that cannot be matched (fails: 42804)
-- before
CREATE TABLE a (id int, status text);
CREATE TABLE b (id int, y int);
-- migration
ALTER TABLE b ADD COLUMN status int;
-- query
SELECT id FROM a NATURAL JOIN b

-- case: trap: the common column of one side goes and every row meets every row (works)
-- before
CREATE TABLE a (id int, x int);
CREATE TABLE b (id int, y int);
-- migration
ALTER TABLE b RENAME COLUMN id TO a_id;
-- query
SELECT id, x, y FROM a NATURAL JOIN b

-- case: trap: what was one merged column becomes two (fails: 42703)
-- before
CREATE TABLE a (id int, k int);
CREATE TABLE b (k int, y int);
-- migration
ALTER TABLE a DROP COLUMN k;
-- query
SELECT a.k, y FROM a NATURAL JOIN b

-- case: failure: a merged column goes from both sides
-- before
CREATE TABLE a (id int, k int);
CREATE TABLE b (k int, y int);
-- migration
ALTER TABLE a RENAME COLUMN k TO key;
ALTER TABLE b RENAME COLUMN k TO key;
-- query
SELECT k FROM a NATURAL JOIN b
