-- case: success: the partial unique index with the very predicate
-- before
CREATE TABLE users (id int PRIMARY KEY, email text, deleted_at timestamptz, old text);
CREATE UNIQUE INDEX users_live ON users (email) WHERE deleted_at IS NULL;
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (email) WHERE deleted_at IS NULL DO NOTHING

-- case: failure: the partial index gains a stricter predicate
-- before
CREATE TABLE users (id int PRIMARY KEY, email text, deleted_at timestamptz, active boolean);
CREATE UNIQUE INDEX users_live ON users (email) WHERE deleted_at IS NULL;
-- migration
DROP INDEX users_live;
CREATE UNIQUE INDEX users_live ON users (email) WHERE deleted_at IS NULL AND active;
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (email) WHERE deleted_at IS NULL DO NOTHING

-- case: trap: a full unique index serves a target with any predicate (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, email text, deleted_at timestamptz);
CREATE UNIQUE INDEX users_live ON users (email) WHERE deleted_at IS NULL;
-- migration
DROP INDEX users_live;
CREATE UNIQUE INDEX users_all ON users (email);
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (email) WHERE deleted_at IS NULL DO NOTHING

-- case: trap: a target with more conditions than the index implies its predicate (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, email text, deleted_at timestamptz, active boolean);
CREATE UNIQUE INDEX users_live ON users (email) WHERE deleted_at IS NULL AND active;
-- migration
DROP INDEX users_live;
CREATE UNIQUE INDEX users_live ON users (email) WHERE deleted_at IS NULL;
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (email) WHERE active AND deleted_at IS NULL DO NOTHING

-- case: trap: a predicate of the other sense (fails: 42P10)
-- before
CREATE TABLE users (id int PRIMARY KEY, email text, deleted boolean NOT NULL);
CREATE UNIQUE INDEX users_live ON users (email) WHERE NOT deleted;
-- migration
DROP INDEX users_live;
CREATE UNIQUE INDEX users_live ON users (email) WHERE deleted;
-- query
INSERT INTO users (id, email, deleted) VALUES ($1, $2, false) ON CONFLICT (email) WHERE NOT deleted DO NOTHING

-- case: trap: the planner proves that one bound implies the other (works)
-- before
CREATE TABLE bids (id int PRIMARY KEY, lot int, amount int);
CREATE UNIQUE INDEX bids_lot ON bids (lot) WHERE amount > 100;
-- migration
DROP INDEX bids_lot;
CREATE UNIQUE INDEX bids_lot ON bids (lot) WHERE amount > 10;
-- query
INSERT INTO bids (id, lot, amount) VALUES ($1, $2, $3) ON CONFLICT (lot) WHERE amount > 100 DO NOTHING

-- case: failure: the column of the predicate goes
-- before
CREATE TABLE users (id int PRIMARY KEY, email text, deleted_at timestamptz);
CREATE UNIQUE INDEX users_live ON users (email) WHERE deleted_at IS NULL;
-- migration
ALTER TABLE users DROP COLUMN deleted_at;
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (email) WHERE deleted_at IS NULL DO NOTHING

-- case: trap: the WHERE of DO UPDATE is no predicate of an index (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE, version int);
-- migration
ALTER TABLE users DROP COLUMN version;
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (email) DO UPDATE SET email = excluded.email WHERE users.version < $3
