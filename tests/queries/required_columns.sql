-- case: success: a required column with a default or an identity
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users ADD COLUMN role text NOT NULL DEFAULT 'user';
ALTER TABLE users ADD COLUMN n int GENERATED ALWAYS AS IDENTITY;
ALTER TABLE users ADD COLUMN at timestamptz NOT NULL DEFAULT now();
-- query
INSERT INTO users (id, name) VALUES (1, 'a')

-- case: failure: a required column is left out
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users ADD COLUMN tenant int NOT NULL;
-- query
INSERT INTO users (id, name) VALUES (1, 'a')
-- query
INSERT INTO users (id) SELECT 1
-- query
INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = 'a'

-- case: failure: the default of a required column goes
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, role text NOT NULL DEFAULT 'user');
-- migration
ALTER TABLE users ALTER COLUMN role DROP DEFAULT;
-- query
INSERT INTO users (id) VALUES (1)
-- query
INSERT INTO users (id, role) VALUES (1, DEFAULT)

-- case: failure: NULL for a column that becomes required
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'a');
-- migration
ALTER TABLE users ALTER COLUMN name SET NOT NULL;
-- query
INSERT INTO users (id, name) VALUES (2, NULL)
-- query
UPDATE users SET name = NULL
-- query
INSERT INTO users (id) VALUES (2)

-- case: trap: a required column of the same name on another table (works)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE teams (id int PRIMARY KEY);
-- migration
ALTER TABLE teams ADD COLUMN tenant int NOT NULL;
-- query
INSERT INTO users (id, name) VALUES (1, 'a')

-- case: trap: an explicit NULL does not take the default (fails: 23502)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, role text DEFAULT 'user');
-- migration
ALTER TABLE users ALTER COLUMN role SET NOT NULL;
-- query
INSERT INTO users (id, role) VALUES (1, NULL)

-- case: trap: an INSERT that inserts no row needs nothing (works)
-- beyond: whether there are rows decides
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users ADD COLUMN tenant int NOT NULL;
-- query
INSERT INTO users (id) SELECT id FROM users

-- case: trap: a check that is not null makes a required column too, validated or not (fails: 23514)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, tenant int);
-- migration
ALTER TABLE users ADD CONSTRAINT tenant_set CHECK (tenant IS NOT NULL) NOT VALID;
-- query
INSERT INTO users (id) VALUES (1)

-- case: trap: a domain that forbids NULL is a required column too (fails: 23502)
-- stage: execute
-- before
CREATE DOMAIN tenant AS int NOT NULL;
CREATE TABLE users (id int PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN tenant tenant;
-- query
INSERT INTO users (id) VALUES (1)

-- case: trap: columns of a new primary key are required (fails: 23502)
-- stage: execute
-- before
CREATE TABLE users (id int, tenant int);
-- migration
ALTER TABLE users ADD PRIMARY KEY (tenant, id);
-- query
INSERT INTO users (id) VALUES (1)
