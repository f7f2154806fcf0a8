-- case: success: fewer values than columns
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users ADD COLUMN email text;
-- query
INSERT INTO users VALUES ($1, $2)
-- query
INSERT INTO users DEFAULT VALUES

-- case: failure: more values than columns
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
INSERT INTO users VALUES ($1, $2, $3)
-- query
INSERT INTO users SELECT 1, 'a', 'b'

-- case: trap: the values shift to other columns (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, nickname text, name text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
ALTER TABLE users ADD COLUMN email text;
-- query
INSERT INTO users VALUES ($1, $2, $3)

-- case: trap: the values shift to a column of another type (fails: 42804)
-- before
CREATE TABLE users (id int PRIMARY KEY, nickname text, age int, score numeric);
-- migration
ALTER TABLE users DROP COLUMN nickname;
ALTER TABLE users ADD COLUMN born date;
-- query
INSERT INTO users VALUES (1, 2, 3, 4.5)

-- case: trap: a new required column with a default (works)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users ADD COLUMN email text NOT NULL DEFAULT '';
-- query
INSERT INTO users VALUES (1, 'a')

-- case: trap: a new required column without one (fails: 23502)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users ADD COLUMN email text NOT NULL;
-- query
INSERT INTO users VALUES (1, 'a')

-- case: failure-before: head's values fill the new column
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users ADD COLUMN email text;
-- query
INSERT INTO users VALUES ($1, $2, $3)
