-- case: success: limits of every form
-- before
CREATE TABLE t (id int PRIMARY KEY, old text);
-- migration
ALTER TABLE t DROP COLUMN old;
-- query
SELECT id FROM t ORDER BY id LIMIT $1 OFFSET $2
-- query
SELECT id FROM t ORDER BY id OFFSET 5 ROWS FETCH FIRST 10 ROWS ONLY
-- query
SELECT id FROM t ORDER BY id FETCH FIRST $1 ROWS WITH TIES
-- query
SELECT id FROM t LIMIT ALL

-- case: failure: a subquery in LIMIT or OFFSET reads what goes
-- before
CREATE TABLE t (id int PRIMARY KEY);
CREATE TABLE settings (page int);
-- migration
ALTER TABLE settings RENAME COLUMN page TO page_size;
-- query
SELECT id FROM t LIMIT (SELECT page FROM settings)
-- query
SELECT id FROM t ORDER BY id OFFSET (SELECT max(page) FROM settings)

-- case: failure: a limit of the wrong type
-- before
CREATE TABLE t (id int PRIMARY KEY);
CREATE TABLE settings (page int);
-- migration
ALTER TABLE settings ALTER COLUMN page TYPE text;
-- query
SELECT id FROM t LIMIT (SELECT page FROM settings)

-- case: trap: LIMIT sees no column of the query and a subquery brings its own (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, page int);
CREATE TABLE settings (page int);
-- migration
ALTER TABLE t DROP COLUMN page;
-- query
SELECT id FROM t LIMIT (SELECT page FROM settings)

-- case: trap: any number is made an integer of eight bytes (works)
-- before
CREATE TABLE t (id int PRIMARY KEY);
CREATE TABLE settings (page int);
-- migration
ALTER TABLE settings ALTER COLUMN page TYPE numeric;
-- query
SELECT id FROM t LIMIT (SELECT page FROM settings)

-- case: trap: a subquery in LIMIT captures a column of the query, which LIMIT must not hold (fails: 42P10)
-- before
CREATE TABLE t (id int PRIMARY KEY, page int);
CREATE TABLE settings (page int);
-- migration
ALTER TABLE settings DROP COLUMN page;
-- query
SELECT id FROM t LIMIT (SELECT page FROM settings)
