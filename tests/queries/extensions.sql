-- case: success: functions of extensions
-- before
CREATE EXTENSION "uuid-ossp";
CREATE EXTENSION pgcrypto;
CREATE EXTENSION unaccent;
CREATE EXTENSION pg_trgm;
CREATE TABLE users (id uuid PRIMARY KEY, name text, secret bytea, old text);
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
INSERT INTO users (id, name) VALUES (uuid_generate_v4(), $1)
-- query
SELECT id FROM users WHERE unaccent(lower(name)) = unaccent($1) AND similarity(name, $2) > 0.3
-- query
UPDATE users SET secret = pgp_sym_encrypt($1, 'key') WHERE encode(digest(name, 'sha256'), 'hex') = $2

-- case: failure: a function of an extension does not take the new type
-- before
CREATE EXTENSION unaccent;
CREATE TABLE users (id int, name text);
-- migration
ALTER TABLE users ALTER name TYPE jsonb USING to_jsonb(name);
-- query
SELECT id FROM users WHERE unaccent(name) = 'a'

-- case: failure-before: an extension that brings no relation does not hide one that is missing
-- before
CREATE EXTENSION tsm_system_rows;
-- migration
CREATE TABLE users (id int, name text);
-- query
SELECT name FROM users TABLESAMPLE system_rows (10)

-- case: trap: a function of the core that an extension has too (works)
-- before
CREATE EXTENSION pgcrypto;
CREATE TABLE users (id uuid DEFAULT gen_random_uuid(), name text);
-- migration
DROP EXTENSION pgcrypto;
-- query
INSERT INTO users (id, name) VALUES (gen_random_uuid(), $1)

-- case: trap: the extension lies in a schema that is not searched (fails: 42883)
-- before
CREATE SCHEMA ext;
CREATE TABLE users (id int, name text);
-- migration
CREATE EXTENSION pgcrypto WITH SCHEMA ext;
-- query
SELECT ext.crypt(name, $1) FROM users
