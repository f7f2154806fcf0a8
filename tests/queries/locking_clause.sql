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

-- case: trap: rows that are made of several are not locked (fails: 0A000)
-- before
CREATE TABLE t (a int PRIMARY KEY, b text);
-- migration
ALTER TABLE t ADD COLUMN c int;
-- query
SELECT DISTINCT a FROM t FOR UPDATE
-- query
SELECT count(*) FROM t FOR UPDATE
-- query
SELECT a FROM t GROUP BY a FOR SHARE
-- query
(SELECT a FROM t FOR UPDATE) UNION SELECT a FROM t
-- query
SELECT * FROM (SELECT DISTINCT a FROM t) x FOR UPDATE
-- query
SELECT t.a FROM t LEFT JOIN t u ON u.a = t.a FOR UPDATE

-- case: trap: of an outer join the side that is there can be locked (works)
-- before
CREATE TABLE t (a int PRIMARY KEY, b text);
-- migration
ALTER TABLE t ADD COLUMN c int;
-- query
SELECT t.a FROM t LEFT JOIN t u ON u.a = t.a FOR UPDATE OF t
-- query
SELECT t.a FROM t LEFT JOIN (SELECT 1 AS z) u ON true FOR UPDATE

-- case: trap: a view on the side that may be missing (fails: 0A000)
-- before
CREATE TABLE t (a int PRIMARY KEY, b text);
CREATE VIEW v AS SELECT a FROM t;
-- migration
ALTER TABLE t ADD COLUMN c int;
-- query
SELECT t.a FROM t LEFT JOIN v ON v.a = t.a FOR UPDATE
