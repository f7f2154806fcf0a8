-- case: success: tables that stay
-- stage: execute
-- before
CREATE TABLE a (id int PRIMARY KEY, old text);
CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a);
-- migration
ALTER TABLE a DROP COLUMN old;
-- query
TRUNCATE a, b RESTART IDENTITY
-- query
TRUNCATE TABLE ONLY b
-- query
TRUNCATE a CASCADE

-- case: failure: one table of the list is gone
-- stage: execute
-- before
CREATE TABLE a (id int);
CREATE TABLE b (id int);
-- migration
DROP TABLE b;
-- query
TRUNCATE a, b

-- case: trap: a new foreign key stops a truncation without CASCADE (fails: 0A000)
-- stage: execute
-- before
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY, a_id int);
-- migration
ALTER TABLE b ADD FOREIGN KEY (a_id) REFERENCES a;
-- query
TRUNCATE a

-- case: trap: with both tables in the list the foreign key does not stop it (works)
-- stage: execute
-- before
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY, a_id int);
-- migration
ALTER TABLE b ADD FOREIGN KEY (a_id) REFERENCES a;
-- query
TRUNCATE a, b

-- case: trap: a materialized view of the name is no table (fails: 42809)
-- stage: execute
-- before
CREATE TABLE a (id int);
-- migration
ALTER TABLE a RENAME TO base;
CREATE MATERIALIZED VIEW a AS SELECT id FROM base;
-- query
TRUNCATE a

-- case: trap: ONLY does not do for a partitioned table (fails: 42809)
-- stage: execute
-- before
CREATE TABLE a (id int);
-- migration
ALTER TABLE a RENAME TO a_old;
CREATE TABLE a (id int) PARTITION BY LIST (id);
CREATE TABLE a_1 PARTITION OF a FOR VALUES IN (1);
-- query
TRUNCATE ONLY a
