-- case: success: a unique key of the columns remains
-- before
CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE, name text, old text);
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
INSERT INTO users (id, email, name) VALUES ($1, $2, $3) ON CONFLICT (email) DO UPDATE SET name = excluded.name
-- query
INSERT INTO users AS u (id, email) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET email = excluded.email WHERE u.email <> excluded.email RETURNING u.id
-- query
INSERT INTO users (id) VALUES ($1) ON CONFLICT DO NOTHING

-- case: failure: the unique key goes
-- before
CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE, name text);
-- migration
ALTER TABLE users DROP CONSTRAINT users_email_key;
-- query
INSERT INTO users (id, email, name) VALUES ($1, $2, $3) ON CONFLICT (email) DO UPDATE SET name = excluded.name
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (email) DO NOTHING

-- case: trap: an index that is not unique takes the place of the unique one (fails: 42P10)
-- before
CREATE TABLE users (id int PRIMARY KEY, email text);
CREATE UNIQUE INDEX users_email ON users (email);
-- migration
DROP INDEX users_email;
CREATE INDEX users_email ON users (email);
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (email) DO NOTHING

-- case: trap: a unique index takes the place of the constraint (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE);
-- migration
CREATE UNIQUE INDEX users_email ON users (email);
ALTER TABLE users DROP CONSTRAINT users_email_key;
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (email) DO NOTHING

-- case: trap: the key gains a column (fails: 42P10)
-- before
CREATE TABLE users (id int PRIMARY KEY, tenant int, email text UNIQUE);
-- migration
ALTER TABLE users DROP CONSTRAINT users_email_key;
ALTER TABLE users ADD UNIQUE (tenant, email);
-- query
INSERT INTO users (id, tenant, email) VALUES ($1, $2, $3) ON CONFLICT (email) DO NOTHING

-- case: trap: the order of the columns is of no account (works)
-- before
CREATE TABLE members (tenant int, email text, name text, UNIQUE (tenant, email));
-- migration
ALTER TABLE members DROP CONSTRAINT members_tenant_email_key;
ALTER TABLE members ADD UNIQUE (email, tenant);
-- query
INSERT INTO members (tenant, email) VALUES ($1, $2) ON CONFLICT (tenant, email) DO UPDATE SET name = excluded.name

-- case: trap: a partial unique index is no target without its predicate (fails: 42P10)
-- before
CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE, deleted_at timestamptz);
-- migration
CREATE UNIQUE INDEX users_live_email ON users (email) WHERE deleted_at IS NULL;
ALTER TABLE users DROP CONSTRAINT users_email_key;
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (email) DO NOTHING

-- case: trap: a deferrable constraint is no target (fails: 55000)
-- stage: execute
-- before
CREATE TABLE ranks (id int PRIMARY KEY, place int UNIQUE);
-- migration
ALTER TABLE ranks DROP CONSTRAINT ranks_place_key;
ALTER TABLE ranks ADD UNIQUE (place) DEFERRABLE;
-- query
INSERT INTO ranks (id, place) VALUES (1, 1) ON CONFLICT (place) DO NOTHING

-- case: failure: the column of the target is renamed
-- before
CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE);
-- migration
ALTER TABLE users RENAME COLUMN email TO mail;
-- query
INSERT INTO users (id) VALUES ($1) ON CONFLICT (email) DO NOTHING

-- case: failure: a column of excluded goes
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
INSERT INTO users (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = coalesce(excluded.nickname, excluded.name)
-- query
INSERT INTO users (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET nickname = excluded.name

-- case: trap: the row and excluded are told apart by their names (works)
-- before
CREATE TABLE counters (id int PRIMARY KEY, n int, old int);
-- migration
ALTER TABLE counters DROP COLUMN old;
-- query
INSERT INTO counters (id, n) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET n = counters.n + excluded.n

-- case: trap: a table with the name excluded is not what DO UPDATE means (works)
-- before
CREATE TABLE excluded (id int, name text);
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
DROP TABLE excluded;
-- query
INSERT INTO users (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name

-- case: failure: the primary key goes and the upsert has no target
-- before
CREATE TABLE counters (name text PRIMARY KEY, n int);
-- migration
ALTER TABLE counters DROP CONSTRAINT counters_pkey;
-- query
INSERT INTO counters (name, n) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET n = counters.n + 1
