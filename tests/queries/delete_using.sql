-- case: success: a second table
-- before
CREATE TABLE tokens (id int PRIMARY KEY, user_id int, old text);
CREATE TABLE users (id int PRIMARY KEY, banned boolean);
-- migration
ALTER TABLE tokens DROP COLUMN old;
-- query
DELETE FROM tokens USING users WHERE users.id = tokens.user_id AND users.banned
-- query
DELETE FROM tokens t USING users u, tokens other WHERE u.id = t.user_id AND other.id < t.id RETURNING t.id, u.banned

-- case: failure: a column of the second table goes
-- before
CREATE TABLE tokens (id int PRIMARY KEY, user_id int);
CREATE TABLE users (id int PRIMARY KEY, banned boolean);
-- migration
ALTER TABLE users DROP COLUMN banned;
-- query
DELETE FROM tokens USING users WHERE users.id = tokens.user_id AND banned
-- query
DELETE FROM tokens t USING (SELECT id FROM users WHERE banned) u WHERE u.id = t.user_id

-- case: trap: a column added to the second table makes the condition ambiguous (fails: 42702)
-- before
CREATE TABLE tokens (id int PRIMARY KEY, user_id int, kind text);
CREATE TABLE users (uid int PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN kind text;
-- query
DELETE FROM tokens USING users WHERE uid = user_id AND kind = $1

-- case: trap: the second table is named like a dropped one (works)
-- before
CREATE TABLE tokens (id int PRIMARY KEY, user_id int);
CREATE TABLE users (id int PRIMARY KEY);
CREATE TABLE banned (id int PRIMARY KEY);
-- migration
DROP TABLE banned;
-- query
DELETE FROM tokens USING users AS banned WHERE banned.id = tokens.user_id
