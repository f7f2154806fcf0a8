-- case: success: a list of columns that stay
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, old text);
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
INSERT INTO users (id, name) VALUES ($1, $2), ($3, DEFAULT)
-- query
INSERT INTO users (name, id) VALUES ($1, (SELECT max(id) + 1 FROM users))
-- query
INSERT INTO users AS u (id) VALUES ($1) RETURNING u.name

-- case: failure: a column of the list goes
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
INSERT INTO users (id, nickname) VALUES ($1, $2)
-- query
INSERT INTO users (id, name, nickname) VALUES ($1, $2, DEFAULT)

-- case: failure: a value of a type that is not assigned
-- before
CREATE TABLE users (id int PRIMARY KEY, active boolean);
-- migration
ALTER TABLE users ALTER COLUMN active TYPE int USING active::int;
-- query
INSERT INTO users (id, active) VALUES ($1, true)
-- query
UPDATE users SET active = (id > 3)

-- case: trap: a qualified column in the list is a field of a composite (fails: 42703)
-- before
CREATE TYPE address AS (city text);
CREATE TABLE users (id int PRIMARY KEY, home address);
-- migration
ALTER TABLE users RENAME COLUMN home TO house;
-- query
INSERT INTO users (id, home.city) VALUES ($1, $2)

-- case: trap: VALUES see nothing of the table they go to (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, current_user_name text);
-- migration
ALTER TABLE users DROP COLUMN current_user_name;
-- query
INSERT INTO users (id, name) VALUES ($1, current_user)

-- case: trap: the column of the same name on another table goes (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE teams (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE teams DROP COLUMN name;
-- query
INSERT INTO users (id, name) VALUES ($1, $2)

-- case: failure: integers assigned to a timestamp
-- before
CREATE TABLE events (id int PRIMARY KEY, at bigint);
-- migration
ALTER TABLE events ALTER COLUMN at TYPE timestamptz USING to_timestamp(at);
-- query
INSERT INTO events (id, at) VALUES ($1, 1700000000)
-- query
INSERT INTO events (id, at) SELECT id, at + 1 FROM events

-- case: trap: a parameter takes the new type without an error (works)
-- before
CREATE TABLE events (id int PRIMARY KEY, at bigint);
-- migration
ALTER TABLE events ALTER COLUMN at TYPE timestamptz USING to_timestamp(at);
-- query
INSERT INTO events (id, at) VALUES ($1, $2)

-- case: trap: the columns are read before the values (fails: 42703)
-- before
CREATE TABLE t (a int, b text);
-- migration
ALTER TABLE t ADD COLUMN c int;
-- query
INSERT INTO t (missing) VALUES ('x'::int)
-- query
INSERT INTO t (missing) SELECT lower(1) FROM t
