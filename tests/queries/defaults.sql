-- case: success: defaults that fill what is left out
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, role text NOT NULL DEFAULT 'user', old text);
-- migration
ALTER TABLE users DROP COLUMN old;
ALTER TABLE users ALTER COLUMN role SET DEFAULT 'member';
-- query
INSERT INTO users (id) VALUES (1)
-- query
INSERT INTO users (id, role) VALUES (1, DEFAULT)
-- query
UPDATE users SET role = DEFAULT

-- case: failure: the default goes from a required column
-- stage: execute
-- before
CREATE TABLE users (id serial PRIMARY KEY, role text NOT NULL DEFAULT 'user');
-- migration
ALTER TABLE users ALTER COLUMN id DROP DEFAULT;
-- query
INSERT INTO users (role) VALUES ('x')
-- query
INSERT INTO users DEFAULT VALUES

-- case: failure: the default's function reads a table that is gone
-- stage: execute
-- before
CREATE TABLE numbers (n int);
CREATE FUNCTION next_number() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT coalesce(max(n), 0) + 1 FROM numbers); END $$;
CREATE TABLE invoices (id int PRIMARY KEY DEFAULT next_number());
-- migration
DROP TABLE numbers;
-- query
INSERT INTO invoices DEFAULT VALUES

-- case: trap: the default goes from a column that may be NULL (works)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, role text DEFAULT 'user');
-- migration
ALTER TABLE users ALTER COLUMN role DROP DEFAULT;
-- query
INSERT INTO users (id) VALUES (1)
-- query
INSERT INTO users (id, role) VALUES (2, DEFAULT)

-- case: trap: dropping the sequence by CASCADE takes the default away (fails: 23502)
-- stage: execute
-- before
CREATE TABLE users (id serial PRIMARY KEY, name text);
-- migration
DROP SEQUENCE users_id_seq CASCADE;
-- query
INSERT INTO users (name) VALUES ('a')

-- case: trap: the default of the domain stands in for the column's (works)
-- stage: execute
-- before
CREATE DOMAIN role AS text DEFAULT 'user';
CREATE TABLE users (id int PRIMARY KEY, role role NOT NULL DEFAULT 'admin');
-- migration
ALTER TABLE users ALTER COLUMN role DROP DEFAULT;
-- query
INSERT INTO users (id) VALUES (1)

-- case: trap: a default set on a view fills what its writer leaves out (works)
-- beyond: a view's own default is not kept
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);
-- migration
ALTER TABLE users RENAME TO members;
ALTER TABLE members ADD COLUMN tenant int NOT NULL;
CREATE VIEW users AS SELECT id, name, tenant FROM members;
ALTER VIEW users ALTER COLUMN tenant SET DEFAULT 1;
-- query
INSERT INTO users (id, name) VALUES (1, 'a')

-- case: trap: a default that is NULL in all but name (fails: 23502)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users ADD COLUMN tenant int DEFAULT NULL;
ALTER TABLE users ALTER COLUMN tenant SET NOT NULL;
-- query
INSERT INTO users (id, name) VALUES (1, 'a')
