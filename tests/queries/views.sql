-- case: success: a view over what stays
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
CREATE VIEW people AS SELECT id, upper(name) AS name FROM users;
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
SELECT id, name FROM people WHERE name = $1

-- case: success: a column under a view is renamed and the view keeps its own name for it
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE VIEW people AS SELECT id, name FROM users;
-- migration
ALTER TABLE users RENAME COLUMN name TO full_name;
-- query
SELECT name FROM people
-- query
UPDATE people SET name = $1 WHERE id = $2

-- case: failure: a view is dropped by CASCADE with a column
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
CREATE VIEW people AS SELECT id, nickname FROM users;
-- migration
ALTER TABLE users DROP COLUMN nickname CASCADE;
-- query
SELECT id FROM people

-- case: failure: a view is replaced by one without the column
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
CREATE VIEW people AS SELECT id, name, nickname FROM users;
-- migration
DROP VIEW people;
CREATE VIEW people AS SELECT id, name FROM users;
-- query
SELECT p.nickname FROM people p

-- case: failure: a column of the view is renamed
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE VIEW people AS SELECT id, name FROM users;
-- migration
ALTER VIEW people RENAME COLUMN name TO full_name;
-- query
SELECT name FROM people

-- case: failure: a view that could be written to no longer can
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE VIEW people AS SELECT id, name FROM users;
-- migration
DROP VIEW people;
CREATE VIEW people AS SELECT id, name FROM users UNION ALL SELECT 0, 'nobody';
-- query
INSERT INTO people (id, name) VALUES ($1, $2)
-- query
UPDATE people SET name = $1
-- query
DELETE FROM people WHERE id = $1

-- case: trap: an expression of a view cannot be written to (fails: 0A000)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE VIEW people AS SELECT id, name FROM users;
-- migration
CREATE OR REPLACE VIEW people AS SELECT id, trim(name) AS name FROM users;
-- query
UPDATE people SET name = $1 WHERE id = $2

-- case: trap: a trigger lets a view be written to (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE VIEW people AS SELECT id, name FROM users;
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO users VALUES (new.id, new.name); RETURN new; END $$;
-- migration
CREATE OR REPLACE VIEW people AS SELECT id, trim(name) AS name FROM users;
CREATE TRIGGER keep INSTEAD OF INSERT ON people FOR EACH ROW EXECUTE FUNCTION keep();
-- query
INSERT INTO people (id, name) VALUES ($1, $2)

-- case: trap: the view keeps reading the table that was renamed away (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE VIEW people AS SELECT id, name FROM users;
-- migration
ALTER TABLE users RENAME TO users_old;
CREATE TABLE users (id int PRIMARY KEY);
-- query
SELECT name FROM people WHERE id = $1

-- case: trap: a view in another schema with the name of the dropped one (fails: 42P01)
-- before
CREATE SCHEMA reporting;
CREATE TABLE users (id int PRIMARY KEY);
CREATE VIEW people AS SELECT id FROM users;
CREATE VIEW reporting.people AS SELECT id FROM users;
-- migration
DROP VIEW people;
-- query
SELECT id FROM people

-- case: trap: system columns are not those of a view (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users RENAME TO members;
CREATE VIEW users AS SELECT * FROM members;
-- query
SELECT ctid, name FROM users
