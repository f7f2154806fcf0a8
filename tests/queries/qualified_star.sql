-- case: success: the star of one table of a join
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total numeric);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
SELECT users.*, o.total FROM users JOIN orders o ON o.user_id = users.id
-- query
SELECT public.users.* FROM public.users

-- case: failure: the star of a table that is renamed
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users RENAME TO members;
-- query
SELECT users.* FROM users WHERE users.id = $1

-- case: trap: the table is renamed but the star names its alias (fails: 42P01)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users RENAME TO u;
-- query
SELECT u.* FROM users u

-- case: trap: the star belongs to an alias with the name of a dropped table (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE members (id int PRIMARY KEY, name text);
-- migration
DROP TABLE users;
-- query
SELECT users.* FROM members AS users

-- case: failure: the star of a composite column that goes
-- before
CREATE TYPE address AS (street text, city text);
CREATE TABLE users (id int PRIMARY KEY, home address);
-- migration
ALTER TABLE users DROP COLUMN home;
-- query
SELECT (u.home).* FROM users u

-- case: success: the star of a composite column takes what the type has
-- before
CREATE TYPE address AS (street text, city text);
CREATE TABLE users (id int PRIMARY KEY, home address);
-- migration
ALTER TYPE address DROP ATTRIBUTE city;
-- query
SELECT (u.home).* FROM users u
-- query
SELECT (home).* FROM users

-- case: failure: counts differ after a column is added behind a qualified star
-- before
CREATE TABLE events (id int, name text);
CREATE TABLE copies (id int, name text);
-- migration
ALTER TABLE events ADD COLUMN source text;
-- query
INSERT INTO copies SELECT e.* FROM events e
-- query
SELECT e.* FROM events e EXCEPT SELECT c.* FROM copies c
