-- case: success: a star takes what is there
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
SELECT * FROM users WHERE id = $1
-- query
SELECT count(*) FROM users

-- case: failure: a column named outside a star in a subquery goes
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
SELECT s.nickname FROM (SELECT * FROM users) s
-- query
SELECT * FROM users WHERE nickname = $1

-- case: trap: an added column widens a star without an error (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users ADD COLUMN password_hash text;
-- query
SELECT * FROM users
-- query
SELECT u.*, 1 AS extra FROM users u

-- case: trap: two stars of a subquery give one name twice and that only hurts when it is used (fails: 42702)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE orders (order_id int PRIMARY KEY, user_id int);
-- migration
ALTER TABLE orders ADD COLUMN name text;
-- query
SELECT s.name FROM (SELECT * FROM users JOIN orders ON user_id = id) s

-- case: trap: the same with the doubled name unused (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE orders (order_id int PRIMARY KEY, user_id int);
-- migration
ALTER TABLE orders ADD COLUMN name text;
-- query
SELECT s.order_id FROM (SELECT * FROM users JOIN orders ON user_id = id) s

-- case: trap: ORDER BY of a position shifts to another column (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, nickname text, name text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
SELECT * FROM users ORDER BY 2

-- case: trap: ORDER BY of a position past the end of a star (fails: 42P10)
-- before
CREATE TABLE users (id int PRIMARY KEY, nickname text, name text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
SELECT * FROM users ORDER BY 3

-- case: trap: a table without columns is no valid star of DISTINCT but a valid star (works)
-- before
CREATE TABLE flags (a int);
-- migration
ALTER TABLE flags DROP COLUMN a;
-- query
SELECT * FROM flags

-- case: failure: a star of a table that is gone
-- before
CREATE TABLE users (id int PRIMARY KEY);
-- migration
ALTER TABLE users RENAME TO people;
-- query
SELECT * FROM users
