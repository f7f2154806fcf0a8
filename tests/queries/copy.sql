-- case: success: columns that stay
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, old text);
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
COPY users (id, name) FROM STDIN
-- query
COPY users TO STDOUT WITH (FORMAT csv, HEADER)
-- query
COPY (SELECT id, name FROM users WHERE id > 3) TO STDOUT

-- case: failure: a column of the list goes
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
COPY users (id, nickname) FROM STDIN
-- query
COPY users (nickname) TO STDOUT
-- query
COPY (SELECT nickname FROM users) TO STDOUT
-- query
COPY users FROM STDIN WITH (FORMAT csv, FORCE_NULL (nickname))

-- case: failure: a listed column becomes generated
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, search text);
-- migration
ALTER TABLE users DROP COLUMN search;
ALTER TABLE users ADD COLUMN search text GENERATED ALWAYS AS (lower(name)) STORED;
-- query
COPY users (id, name, search) FROM STDIN

-- case: trap: without a list generated columns are left out (works)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users ADD COLUMN search text GENERATED ALWAYS AS (lower(name)) STORED;
-- query
COPY users FROM STDIN
-- query
COPY users TO STDOUT

-- case: trap: a partitioned table takes COPY in but not out (fails: 42809)
-- stage: execute
-- before
CREATE TABLE events (id int, at date);
-- migration
ALTER TABLE events RENAME TO events_old;
CREATE TABLE events (id int, at date) PARTITION BY RANGE (at);
-- query
COPY events TO STDOUT

-- case: trap: COPY of a query does not mind a view (works)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users RENAME TO members;
CREATE VIEW users AS SELECT id, name FROM members;
-- query
COPY (SELECT * FROM users) TO STDOUT

-- case: trap: the table of the name is in a schema off the path (fails: 42P01)
-- stage: execute
-- before
CREATE SCHEMA app;
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users SET SCHEMA app;
-- query
COPY users (id, name) TO STDOUT
