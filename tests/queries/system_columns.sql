-- case: success: system columns of a table
-- before
CREATE TABLE users (id int PRIMARY KEY, old text);
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
SELECT ctid, xmin, xmax, cmin, cmax, tableoid FROM users
-- query
DELETE FROM users a USING users b WHERE a.id = b.id AND a.ctid < b.ctid
-- query
INSERT INTO users (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING (xmax = 0) AS inserted

-- case: failure: the table with the system columns is gone
-- before
CREATE TABLE users (id int PRIMARY KEY);
-- migration
ALTER TABLE users RENAME TO members;
-- query
SELECT xmin FROM users

-- case: trap: a view has no row versions (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users RENAME TO members;
CREATE VIEW users AS SELECT id, name FROM members;
-- query
SELECT xmin, id FROM users
-- query
INSERT INTO users (id) VALUES ($1) RETURNING (xmax = 0)

-- case: trap: a star holds no system columns (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY, tableoids int);
-- migration
ALTER TABLE users DROP COLUMN tableoids;
-- query
SELECT s.tableoids FROM (SELECT * FROM users) s

-- case: trap: a second table of the join has the same system columns all along (works)
-- before
CREATE TABLE a (id int, x int);
CREATE TABLE b (id int, y int);
-- migration
ALTER TABLE b DROP COLUMN y;
-- query
SELECT a.ctid, b.ctid FROM a JOIN b USING (id)

-- case: failure: the name oid was a column of one's own
-- before
CREATE TABLE files (id int PRIMARY KEY, oid oid);
-- migration
ALTER TABLE files DROP COLUMN oid;
-- query
SELECT oid FROM files
