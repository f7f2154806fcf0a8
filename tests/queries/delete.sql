-- case: success: a condition on what stays
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, old text);
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
DELETE FROM users WHERE id = $1 AND name IS NOT NULL
-- query
DELETE FROM ONLY users u WHERE u.id IN (SELECT id FROM users WHERE name = $1) RETURNING u.*

-- case: failure: a column of the condition goes
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, expires_at timestamptz);
-- migration
ALTER TABLE users DROP COLUMN expires_at;
-- query
DELETE FROM users WHERE expires_at < now()
-- query
DELETE FROM users WHERE id IN (SELECT u.id FROM users u WHERE u.expires_at < now() LIMIT 100)

-- case: trap: the condition captures an outer column once the inner one is gone (works)
-- before
CREATE TABLE tokens (id int PRIMARY KEY, user_id int);
CREATE TABLE users (id int PRIMARY KEY, user_id int);
-- migration
ALTER TABLE users DROP COLUMN user_id;
-- query
DELETE FROM tokens WHERE EXISTS (SELECT 1 FROM users WHERE user_id = 7)

-- case: trap: a foreign key without CASCADE keeps a row from being deleted (fails: 23503)
-- beyond: rows that refer to others decide
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY);
CREATE TABLE tokens (id int PRIMARY KEY, user_id int);
INSERT INTO users VALUES (1);
INSERT INTO tokens VALUES (1, 1);
-- migration
ALTER TABLE tokens ADD FOREIGN KEY (user_id) REFERENCES users;
-- query
DELETE FROM users WHERE id = 1

-- case: trap: the table's own name hidden by its alias (fails: 42P01)
-- before
CREATE TABLE users (id int PRIMARY KEY);
-- migration
ALTER TABLE users RENAME TO u;
-- query
DELETE FROM users AS u WHERE u.id = $1
