-- case: success: ranges and lists
-- before
CREATE TABLE t (id int PRIMARY KEY, at date, a text, old text);
-- migration
ALTER TABLE t DROP COLUMN old;
-- query
SELECT id FROM t WHERE at BETWEEN $1 AND $2 AND id NOT BETWEEN SYMMETRIC 5 AND 1 AND a IN ('x', 'y') AND id NOT IN (1, $3)

-- case: failure: the column of the range or the list goes
-- before
CREATE TABLE t (id int PRIMARY KEY, at date, a text);
-- migration
ALTER TABLE t DROP COLUMN at, DROP COLUMN a;
-- query
SELECT id FROM t WHERE at BETWEEN $1 AND $2
-- query
SELECT id FROM t WHERE current_date BETWEEN at AND at + 7
-- query
SELECT id FROM t WHERE a IN ('x', 'y')
-- query
SELECT id FROM t WHERE 'x' NOT IN (a, 'z')

-- case: failure: the range or the list has another type
-- before
CREATE TABLE t (id int PRIMARY KEY, n int, a text);
-- migration
ALTER TABLE t ALTER COLUMN n TYPE date USING current_date, ALTER COLUMN a TYPE int USING 1;
-- query
SELECT id FROM t WHERE n BETWEEN 1 AND 5
-- query
SELECT id FROM t WHERE n IN (1, 2)
-- query
SELECT id FROM t WHERE a IN ('x', 'y')
-- query
SELECT id FROM t WHERE id IN (n, 3)

-- case: trap: quoted members of a list take the type of the column (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, n text);
-- migration
ALTER TABLE t ALTER COLUMN n TYPE int USING 1;
-- query
SELECT id FROM t WHERE n IN ('1', '2') AND n BETWEEN '1' AND '9'

-- case: trap: one number in a list of quoted ones (fails: 42883)
-- before
CREATE TABLE t (id int PRIMARY KEY, n int);
-- migration
ALTER TABLE t ALTER COLUMN n TYPE text;
-- query
SELECT id FROM t WHERE n IN ('1', 2)

-- case: trap: a list of one name is a list and no table (works)
-- before
CREATE TABLE n (id int);
CREATE TABLE t (id int PRIMARY KEY, n int);
-- migration
DROP TABLE n;
-- query
SELECT id FROM t WHERE id IN (n)

-- case: trap: the lower bound is compared before the upper one is read (fails: 42883)
-- before
CREATE TABLE t (a int, b text, m text);
CREATE TYPE mood AS ENUM ('sad');
-- migration
ALTER TABLE t ALTER m TYPE mood USING 'sad';
-- query
SELECT a FROM t WHERE a BETWEEN b AND to_jsonb($1)
-- query
SELECT (m)[1] FROM t
