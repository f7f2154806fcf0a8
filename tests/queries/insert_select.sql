-- case: success: listed columns on both sides
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, old text);
CREATE TABLE archive (id int, name text);
-- migration
ALTER TABLE users DROP COLUMN old;
ALTER TABLE archive ADD COLUMN at timestamptz DEFAULT now();
-- query
INSERT INTO archive (id, name) SELECT id, name FROM users WHERE id = $1
-- query
INSERT INTO archive SELECT u.id, u.name FROM users u

-- case: failure: the source gains a column
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE archive (id int, name text);
-- migration
ALTER TABLE users ADD COLUMN email text;
-- query
INSERT INTO archive SELECT * FROM users
-- query
INSERT INTO archive (id, name) SELECT * FROM users
-- query
INSERT INTO archive SELECT u.* FROM users u WHERE u.id = $1

-- case: trap: the target gains a column (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE archive (id int, name text);
-- migration
ALTER TABLE archive ADD COLUMN email text;
-- query
INSERT INTO archive SELECT * FROM users

-- case: trap: both lose a column in step (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, nickname text, name text);
CREATE TABLE archive (id int, nickname text, name text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
ALTER TABLE archive DROP COLUMN nickname;
-- query
INSERT INTO archive SELECT * FROM users

-- case: trap: both gain columns in another order (fails: 42804)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE archive (id int, name text);
-- migration
ALTER TABLE users ADD COLUMN born date, ADD COLUMN age int;
ALTER TABLE archive ADD COLUMN age int, ADD COLUMN born date;
-- query
INSERT INTO archive SELECT * FROM users

-- case: failure: a listed target has more columns than the star gives
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE archive (id int, name text);
-- migration
ALTER TABLE users DROP COLUMN name;
-- query
INSERT INTO archive (id, name) SELECT * FROM users

-- case: trap: without a list a shorter star is fine (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE archive (id int, name text);
-- migration
ALTER TABLE users DROP COLUMN name;
-- query
INSERT INTO archive SELECT * FROM users

-- case: trap: unknown literals of a SELECT take the type of the target (fails: 22P02)
-- before
CREATE TABLE archive (id int, kind text);
-- migration
ALTER TABLE archive ALTER COLUMN kind TYPE int USING 0;
-- query
INSERT INTO archive (id, kind) SELECT 1, 'user'

-- case: trap: literals below a UNION are text already (fails: 42804)
-- before
CREATE TABLE archive (id int, kind text);
-- migration
ALTER TABLE archive ALTER COLUMN kind TYPE int USING 0;
-- query
INSERT INTO archive (id, kind) SELECT 1, '7' UNION SELECT 2, '8'
