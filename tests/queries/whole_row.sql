-- case: success: a whole row as one value
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
SELECT u FROM users u WHERE u.id = $1
-- query
SELECT row_to_json(users) FROM users
-- query
SELECT json_agg(t) FROM (SELECT id, name FROM users) t
-- query
SELECT count(u) FROM users u WHERE u IS NOT NULL

-- case: failure: a field of a whole row goes
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
SELECT (u).nickname FROM users u
-- query
SELECT nickname(u) FROM users u
-- query
SELECT u.name FROM users u ORDER BY (u).nickname

-- case: failure: the whole row of a table that is gone
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
DROP TABLE users;
-- query
SELECT row_to_json(users) FROM users

-- case: trap: a column with the name of the table wins over the whole row (works)
-- before
CREATE TABLE label (id int PRIMARY KEY, label text);
-- migration
ALTER TABLE label DROP COLUMN label;
-- query
SELECT label FROM label

-- case: trap: the whole row has a type that the column did not have (fails: 42883)
-- before
CREATE TABLE label (id int PRIMARY KEY, label text);
-- migration
ALTER TABLE label DROP COLUMN label;
-- query
SELECT upper(label) FROM label

-- case: trap: a column takes the name of the whole row away (fails: 42883)
-- before
CREATE TABLE items (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE items ADD COLUMN items text;
-- query
SELECT row_to_json(items) FROM items

-- case: trap: a dropped column in functional notation is a function of that name (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, first_name text, last_name text, full_name text);
CREATE FUNCTION initials(u users) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN left(u.first_name, 1) || left(u.last_name, 1); END $$;
-- migration
ALTER TABLE users DROP COLUMN full_name;
-- query
SELECT u.initials, initials(u) FROM users u

-- case: failure: a function used like a column is dropped
-- before
CREATE TABLE users (id int PRIMARY KEY, first_name text, last_name text);
CREATE FUNCTION full_name(u users) RETURNS text LANGUAGE sql STABLE AS $$ SELECT u.first_name || ' ' || u.last_name $$;
-- migration
DROP FUNCTION full_name(users);
-- query
SELECT u.id, u.full_name FROM users u

-- case: trap: the name of a cast to text in functional notation is no column (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, text text);
-- migration
ALTER TABLE users DROP COLUMN text;
-- query
SELECT text(u.id::varchar) FROM users u

-- case: trap: the name of a whole row cast by dot notation was a column (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users DROP COLUMN name;
-- query
SELECT u.name FROM users u

-- case: trap: two whole rows of different shape compare at run time only (fails: 42804)
-- beyond: rows are compared at run time
-- stage: execute
-- before
CREATE TABLE a (id int, x int);
CREATE TABLE b (id int, x int);
INSERT INTO a VALUES (1, 1);
INSERT INTO b VALUES (1, 1);
-- migration
ALTER TABLE b ADD COLUMN y int;
-- query
SELECT 1 FROM a, b WHERE a = b
