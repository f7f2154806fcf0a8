-- case: success: a materialized view over what stays
-- before
CREATE TABLE orders (id int PRIMARY KEY, total numeric, note text);
CREATE MATERIALIZED VIEW totals AS SELECT id, total FROM orders;
-- migration
ALTER TABLE orders DROP COLUMN note;
-- query
SELECT total FROM totals WHERE id = $1
-- query
REFRESH MATERIALIZED VIEW totals

-- case: failure: a materialized view becomes one without the column
-- before
CREATE TABLE orders (id int PRIMARY KEY, total numeric);
CREATE MATERIALIZED VIEW totals AS SELECT id, total FROM orders;
-- migration
DROP MATERIALIZED VIEW totals;
CREATE MATERIALIZED VIEW totals AS SELECT id FROM orders;
-- query
SELECT total FROM totals

-- case: failure: the unique index for a concurrent refresh goes
-- stage: execute
-- before
CREATE TABLE orders (id int PRIMARY KEY, total numeric);
CREATE MATERIALIZED VIEW totals AS SELECT id, total FROM orders;
CREATE UNIQUE INDEX totals_id ON totals (id);
-- migration
DROP INDEX totals_id;
-- query
REFRESH MATERIALIZED VIEW CONCURRENTLY totals

-- case: trap: a plain view in its place cannot be refreshed (fails: 42809)
-- stage: execute
-- before
CREATE TABLE orders (id int PRIMARY KEY, total numeric);
CREATE MATERIALIZED VIEW totals AS SELECT id, total FROM orders;
-- migration
DROP MATERIALIZED VIEW totals;
CREATE VIEW totals AS SELECT id, total FROM orders;
-- query
REFRESH MATERIALIZED VIEW totals

-- case: trap: a plain view in its place can be read (works)
-- before
CREATE TABLE orders (id int PRIMARY KEY, total numeric);
CREATE MATERIALIZED VIEW totals AS SELECT id, total FROM orders;
-- migration
DROP MATERIALIZED VIEW totals;
CREATE VIEW totals AS SELECT id, total FROM orders;
-- query
SELECT total FROM totals WHERE id = $1

-- case: failure: a table turned into a materialized view takes no writes
-- stage: execute
-- before
CREATE TABLE totals (id int PRIMARY KEY, total numeric);
-- migration
ALTER TABLE totals RENAME TO totals_base;
CREATE MATERIALIZED VIEW totals AS SELECT * FROM totals_base;
-- query
INSERT INTO totals (id, total) VALUES (1, 2)
-- query
DELETE FROM totals WHERE id = 1
