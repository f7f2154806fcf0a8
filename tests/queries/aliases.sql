-- case: success: the alias of the table in every clause
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
SELECT u.id, u.name FROM users u WHERE u.name LIKE $1 ORDER BY u.name
-- query
SELECT u.id FROM users AS u, users AS v WHERE u.id < v.id AND u.name = v.name

-- case: failure: a column reached through an alias goes
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
SELECT u.nickname FROM users u
-- query
SELECT u.id FROM users AS u ORDER BY u.nickname NULLS LAST
-- query
SELECT u.id FROM users u JOIN users v ON v.nickname = u.name

-- case: trap: an alias that is the name of another table (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE accounts (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE accounts DROP COLUMN name;
-- query
SELECT accounts.name FROM users AS accounts

-- case: trap: an alias that is the name of another table which keeps the column (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE accounts (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users DROP COLUMN name;
-- query
SELECT accounts.name FROM users AS accounts

-- case: trap: column aliases of the table hide the real names (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users RENAME COLUMN nickname TO handle;
-- query
SELECT u.a, u.b, u.c FROM users AS u (a, b, c) WHERE u.c = $1

-- case: trap: column aliases shift when an earlier column goes (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN name;
-- query
SELECT u.full_name, u.nickname FROM users AS u (user_id, full_name)

-- case: failure: more column aliases than columns are left
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
SELECT u.a FROM users AS u (a, b, c)

-- case: failure: a list of column aliases that is short names the rest by their own names
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
SELECT u.a, u.nickname FROM users AS u (a, b)

-- case: success: the alias of a join covers only its merged columns
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, old text);
CREATE TABLE profiles (id int PRIMARY KEY, bio text);
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
SELECT j.id, users.name, profiles.bio FROM users JOIN profiles USING (id) AS j WHERE j.id = $1

-- case: failure: the alias of a whole join renames what is inside
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE profiles (user_id int PRIMARY KEY, bio text);
-- migration
ALTER TABLE profiles DROP COLUMN bio;
-- query
SELECT j.name, j.bio FROM (users JOIN profiles ON user_id = id) AS j

-- case: trap: an output alias repeats the name of a column that goes (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, label text);
-- migration
ALTER TABLE users DROP COLUMN label;
-- query
SELECT u.name AS label FROM users u ORDER BY label

-- case: trap: an output alias is not seen in WHERE (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, label text);
-- migration
ALTER TABLE users DROP COLUMN label;
-- query
SELECT u.name AS label FROM users u WHERE label = $1
