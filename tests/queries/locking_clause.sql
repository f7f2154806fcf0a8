-- case: success: rows locked for update
-- before
CREATE TABLE users (id int PRIMARY KEY, team_id int, old text);
CREATE TABLE teams (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
SELECT u.id FROM users u JOIN teams t ON t.id = u.team_id WHERE u.id = $1 FOR UPDATE OF u NOWAIT
-- query
SELECT id FROM users FOR NO KEY UPDATE SKIP LOCKED
-- query
SELECT u.id FROM users u, teams FOR SHARE OF u FOR KEY SHARE OF teams

-- case: failure: the locked table is gone
-- before
CREATE TABLE users (id int PRIMARY KEY);
-- migration
ALTER TABLE users RENAME TO members;
-- query
SELECT id FROM users FOR UPDATE OF users

-- case: failure: a table becomes a view with groups and cannot be locked
-- before
CREATE TABLE totals (id int PRIMARY KEY, n int);
-- migration
ALTER TABLE totals RENAME TO totals_base;
CREATE VIEW totals AS SELECT id, sum(n) AS n FROM totals_base GROUP BY id;
-- query
SELECT id FROM totals WHERE id = $1 FOR UPDATE
-- query
SELECT id FROM totals t FOR SHARE OF t

-- case: trap: OF names the alias and not the table (works)
-- before
CREATE TABLE users (id int PRIMARY KEY);
CREATE TABLE u (id int PRIMARY KEY);
-- migration
DROP TABLE u;
-- query
SELECT u.id FROM users u FOR UPDATE OF u

-- case: trap: a simple view in the place of the table is locked through (works)
-- before
CREATE TABLE users (id int PRIMARY KEY);
-- migration
ALTER TABLE users RENAME TO members;
CREATE VIEW users AS SELECT id FROM members;
-- query
SELECT id FROM users FOR UPDATE

-- case: trap: a materialized view in the place of the table is not locked (fails: 42809)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY);
-- migration
ALTER TABLE users RENAME TO members;
CREATE MATERIALIZED VIEW users AS SELECT id FROM members;
-- query
SELECT id FROM users FOR UPDATE
