-- case: success: grouped columns and aggregates
-- before
CREATE TABLE orders (id int PRIMARY KEY, user_id int, placed date, total numeric, note text);
-- migration
ALTER TABLE orders DROP COLUMN note;
-- query
SELECT user_id, sum(total) FROM orders GROUP BY user_id
-- query
SELECT date_trunc('month', placed) AS month, count(*) FROM orders GROUP BY month
-- query
SELECT user_id, placed, avg(total) FROM orders GROUP BY 1, 2
-- query
SELECT upper(user_id::text) || '!', max(total) FROM orders GROUP BY upper(user_id::text)

-- case: failure: the grouped column goes
-- before
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total numeric, region text);
-- migration
ALTER TABLE orders DROP COLUMN region;
-- query
SELECT region, sum(total) FROM orders GROUP BY region
-- query
SELECT count(*) FROM orders GROUP BY orders.region

-- case: trap: an output alias takes over when the input column goes (works)
-- before
CREATE TABLE orders (id int PRIMARY KEY, placed timestamptz, day date);
-- migration
ALTER TABLE orders DROP COLUMN day;
-- query
SELECT date_trunc('day', placed) AS day, count(*) FROM orders GROUP BY day, placed

-- case: trap: an added input column wins over the output alias (fails: 42803)
-- before
CREATE TABLE orders (id int, placed timestamptz);
-- migration
ALTER TABLE orders ADD COLUMN day date;
-- query
SELECT date_trunc('day', placed) AS day, count(*) FROM orders GROUP BY day

-- case: trap: two names for one column are one grouping (works)
-- before
CREATE TABLE orders (id int, user_id int, old int);
-- migration
ALTER TABLE orders DROP COLUMN old;
-- query
SELECT o.user_id, user_id FROM orders o GROUP BY user_id

-- case: trap: a star is grouped column by column and a new one is not among them (fails: 42803)
-- before
CREATE TABLE tags (name text, color text);
-- migration
ALTER TABLE tags ADD COLUMN hint text;
-- query
SELECT *, count(*) FROM tags GROUP BY name, color

-- case: failure: a type without equality cannot be grouped
-- before
CREATE TABLE events (id int, payload jsonb);
-- migration
ALTER TABLE events ALTER COLUMN payload TYPE json;
-- query
SELECT payload, count(*) FROM events GROUP BY payload
-- query
SELECT DISTINCT payload FROM events
