-- case: success: what the star held when the view was made
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE VIEW people AS SELECT * FROM users;
-- migration
ALTER TABLE users ADD COLUMN email text;
-- query
SELECT id, name FROM people
-- query
INSERT INTO people SELECT * FROM people

-- case: failure: the view goes with the column its star held
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
CREATE VIEW people AS SELECT * FROM users;
-- migration
ALTER TABLE users DROP COLUMN nickname CASCADE;
-- query
SELECT id FROM people

-- case: trap: a column added after the view is not in its star (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE VIEW people AS SELECT * FROM users;
-- migration
DROP VIEW people;
ALTER TABLE users RENAME COLUMN name TO full_name;
CREATE VIEW people AS SELECT * FROM users;
ALTER TABLE users ADD COLUMN name text;
-- query
SELECT name FROM people

-- case: failure-before: the view is made again and now has the new column
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE VIEW people AS SELECT * FROM users;
ALTER TABLE users ADD COLUMN email text;
-- migration
CREATE OR REPLACE VIEW people AS SELECT * FROM users;
-- query
SELECT email FROM people

-- case: trap: the name under the star changes and the view's does not (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE VIEW people AS SELECT * FROM users;
-- migration
ALTER TABLE users RENAME COLUMN name TO full_name;
-- query
SELECT name FROM people

-- case: trap: the count of a frozen star stays in step where the table's does not (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE copies (id int, name text);
CREATE VIEW people AS SELECT * FROM users;
-- migration
ALTER TABLE users ADD COLUMN email text;
-- query
INSERT INTO copies SELECT * FROM people

-- case: trap: a view over a view does not widen either (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE VIEW people AS SELECT * FROM users;
CREATE VIEW folk AS SELECT * FROM people;
-- migration
CREATE OR REPLACE VIEW people AS SELECT *, 1 AS extra FROM users;
-- query
SELECT * FROM folk UNION ALL SELECT id, name FROM users
