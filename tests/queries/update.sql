-- case: success: setting what stays
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, n int, old text);
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
UPDATE users SET name = $1, n = n + 1 WHERE id = $2
-- query
UPDATE users AS u SET (name, n) = ($1, $2) WHERE u.id = $3
-- query
UPDATE users SET (name, n) = (SELECT max(name), count(*) FROM users)
-- query
UPDATE ONLY users SET name = DEFAULT WHERE name IS NULL RETURNING id

-- case: failure: a column of SET, of the expression or of WHERE goes
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
UPDATE users SET nickname = $1
-- query
UPDATE users SET name = nickname
-- query
UPDATE users SET name = $1 WHERE nickname = $2
-- query
UPDATE users SET (name, nickname) = ($1, $2)

-- case: failure: an ORM writes every column of the row
-- before
CREATE TABLE accounts (id bigint PRIMARY KEY, email varchar(255) NOT NULL, encrypted_password varchar(255) NOT NULL, sign_in_count int NOT NULL DEFAULT 0, current_sign_in_at timestamp, updated_at timestamp NOT NULL);
-- migration
ALTER TABLE accounts DROP COLUMN sign_in_count;
-- query
UPDATE "accounts" SET "email" = $1, "encrypted_password" = $2, "sign_in_count" = $3, "current_sign_in_at" = $4, "updated_at" = $5 WHERE "accounts"."id" = $6

-- case: trap: the table's name after an alias is given does not reach (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
UPDATE users u SET name = u.nickname

-- case: trap: a new column has a wrong type for the expression (fails: 42804)
-- before
CREATE TABLE users (id int PRIMARY KEY, flag boolean);
-- migration
ALTER TABLE users ALTER COLUMN flag TYPE text;
ALTER TABLE users ALTER COLUMN flag TYPE int USING 1;
-- query
UPDATE users SET flag = id = 3

-- case: trap: any type is assigned to text (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, flag boolean);
-- migration
ALTER TABLE users ALTER COLUMN flag TYPE text;
-- query
UPDATE users SET flag = id = 3
-- query
UPDATE users SET flag = true

-- case: trap: a subscript writes to an array that becomes json (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, tags text[]);
-- migration
ALTER TABLE users ALTER COLUMN tags TYPE jsonb USING to_jsonb(tags);
-- query
UPDATE users SET tags[1] = $1

-- case: failure: a subscript writes to what is no array any more
-- before
CREATE TABLE users (id int PRIMARY KEY, tags text[]);
-- migration
ALTER TABLE users ALTER COLUMN tags TYPE text USING array_to_string(tags, ',');
-- query
UPDATE users SET tags[1] = $1

-- case: trap: a condition is read before the values, and a column is set once (fails: 42703, 42601)
-- before
CREATE TABLE t (a int, b text);
-- migration
ALTER TABLE t ADD COLUMN c int;
-- query
UPDATE t SET a = lower(1) WHERE missing
-- query
UPDATE t SET a = lower(1) RETURNING missing
-- query
UPDATE t SET a = 1, a = 2
