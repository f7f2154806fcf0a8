-- case: success: reading from a second table
-- before
CREATE TABLE users (id int PRIMARY KEY, team_id int, team_name text, old text);
CREATE TABLE teams (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
UPDATE users SET team_name = t.name FROM teams t WHERE t.id = users.team_id
-- query
UPDATE users u SET team_name = v.name FROM (VALUES ($1::int, $2::text), ($3, $4)) AS v (id, name) WHERE v.id = u.id

-- case: failure: a column of the second table goes
-- before
CREATE TABLE users (id int PRIMARY KEY, team_id int, team_name text);
CREATE TABLE teams (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE teams RENAME COLUMN name TO title;
-- query
UPDATE users SET team_name = t.name FROM teams t WHERE t.id = users.team_id
-- query
UPDATE users SET team_name = name FROM teams WHERE teams.id = team_id

-- case: trap: the target of SET is never the second table (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY, label text);
CREATE TABLE teams (team int PRIMARY KEY, label text);
-- migration
ALTER TABLE users DROP COLUMN label;
-- query
UPDATE users SET label = 'x' FROM teams WHERE team = id

-- case: trap: a column added to the second table is ambiguous in the expression (fails: 42702)
-- before
CREATE TABLE users (id int PRIMARY KEY, team_id int, label text);
CREATE TABLE teams (team int PRIMARY KEY, name text);
-- migration
ALTER TABLE teams ADD COLUMN label text;
-- query
UPDATE users SET label = label || name FROM teams WHERE team = team_id

-- case: trap: the same column only as the target is not ambiguous (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, team_id int, label text);
CREATE TABLE teams (team int PRIMARY KEY, name text);
-- migration
ALTER TABLE teams ADD COLUMN label text;
-- query
UPDATE users SET label = name FROM teams WHERE team = team_id

-- case: trap: a subquery of FROM does not see the target (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, n int);
CREATE TABLE orders (id int PRIMARY KEY, user_id int, n int);
-- migration
ALTER TABLE users ADD COLUMN user_id int;
-- query
UPDATE users SET n = s.c FROM (SELECT user_id, count(*) AS c FROM orders GROUP BY user_id) s WHERE s.user_id = users.id
