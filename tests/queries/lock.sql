-- case: success: a table that stays
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, old text);
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
LOCK TABLE users IN ACCESS EXCLUSIVE MODE
-- query
LOCK public.users, ONLY users IN SHARE ROW EXCLUSIVE MODE NOWAIT

-- case: failure: a table that is renamed
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY);
-- migration
ALTER TABLE users RENAME TO members;
-- query
LOCK TABLE users

-- case: trap: a view can be locked (works)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY);
-- migration
ALTER TABLE users RENAME TO members;
CREATE VIEW users AS SELECT id FROM members;
-- query
LOCK TABLE users IN ROW EXCLUSIVE MODE

-- case: trap: a materialized view cannot be locked (fails: 42809)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY);
-- migration
ALTER TABLE users RENAME TO members;
CREATE MATERIALIZED VIEW users AS SELECT id FROM members;
-- query
LOCK TABLE users IN SHARE MODE
