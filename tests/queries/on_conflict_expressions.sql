-- case: success: a unique index on the expression remains
-- before
CREATE TABLE users (id int PRIMARY KEY, email text, old text);
CREATE UNIQUE INDEX users_lower ON users (lower(email));
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (lower(email)) DO NOTHING
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT ((lower(email))) DO UPDATE SET email = excluded.email

-- case: failure: the unique index on the expression goes
-- before
CREATE TABLE users (id int PRIMARY KEY, email text);
CREATE UNIQUE INDEX users_lower ON users (lower(email));
-- migration
DROP INDEX users_lower;
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (lower(email)) DO NOTHING

-- case: trap: a unique index on the column does not serve the expression (fails: 42P10)
-- before
CREATE TABLE users (id int PRIMARY KEY, email text);
CREATE UNIQUE INDEX users_lower ON users (lower(email));
-- migration
CREATE UNIQUE INDEX users_email ON users (email);
DROP INDEX users_lower;
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (lower(email)) DO NOTHING

-- case: trap: an index on another expression of the column (fails: 42P10)
-- before
CREATE TABLE users (id int PRIMARY KEY, email text);
CREATE UNIQUE INDEX users_lower ON users (lower(email));
-- migration
CREATE UNIQUE INDEX users_upper ON users (upper(email));
DROP INDEX users_lower;
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (lower(email)) DO NOTHING

-- case: trap: a varchar column is cast inside the expression (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, email text);
CREATE UNIQUE INDEX users_lower ON users (lower(email));
-- migration
ALTER TABLE users ALTER COLUMN email TYPE varchar(200);
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (lower(email)) DO NOTHING

-- case: success: columns and expressions together in any order
-- before
CREATE TABLE users (id int PRIMARY KEY, tenant int, email text, old int);
CREATE UNIQUE INDEX users_key ON users (tenant, lower(email));
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
INSERT INTO users (id, tenant, email) VALUES ($1, $2, $3) ON CONFLICT (lower(email), tenant) DO NOTHING

-- case: failure: the column within the expression of the target goes
-- before
CREATE TABLE users (id int PRIMARY KEY, email text);
CREATE UNIQUE INDEX users_lower ON users (lower(email));
-- migration
ALTER TABLE users DROP COLUMN email;
-- query
INSERT INTO users (id) VALUES ($1) ON CONFLICT (lower(email)) DO NOTHING
