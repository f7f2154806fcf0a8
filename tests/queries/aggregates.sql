-- case: success: aggregates over what stays
-- before
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total numeric, old text);
-- migration
ALTER TABLE orders DROP COLUMN old;
-- query
SELECT count(*), count(DISTINCT user_id), sum(total), avg(total)::int, min(id), bool_and(total > 0) FROM orders
-- query
SELECT array_agg(id ORDER BY total DESC), string_agg(id::text, ',' ORDER BY id), max(total) FILTER (WHERE user_id = $1) FROM orders
-- query
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total), mode() WITHIN GROUP (ORDER BY user_id) FROM orders
-- query
SELECT json_object_agg(id, total), jsonb_agg(orders) FROM orders

-- case: failure: a column inside an aggregate goes
-- before
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total numeric);
-- migration
ALTER TABLE orders DROP COLUMN total;
-- query
SELECT sum(total) FROM orders
-- query
SELECT array_agg(id ORDER BY total) FROM orders
-- query
SELECT count(*) FILTER (WHERE total > 3) FROM orders
-- query
SELECT percentile_disc(0.9) WITHIN GROUP (ORDER BY total) FROM orders

-- case: failure: an aggregate does not take the new type
-- before
CREATE TABLE orders (id int PRIMARY KEY, total numeric, paid boolean, tag text);
-- migration
ALTER TABLE orders ALTER COLUMN total TYPE text, ALTER COLUMN paid TYPE int USING paid::int, ALTER COLUMN tag TYPE int USING 1;
-- query
SELECT sum(total) FROM orders
-- query
SELECT avg(total) FROM orders
-- query
SELECT bool_or(paid) FROM orders
-- query
SELECT string_agg(tag, ',') FROM orders

-- case: trap: aggregates that take the new type as well (works)
-- before
CREATE TABLE orders (id int PRIMARY KEY, total numeric);
-- migration
ALTER TABLE orders ALTER COLUMN total TYPE text;
-- query
SELECT min(total), max(total), count(total), array_agg(total) FROM orders

-- case: trap: a type without an order has no maximum (fails: 42883)
-- before
CREATE TABLE orders (id int PRIMARY KEY, key text);
-- migration
ALTER TABLE orders ALTER COLUMN key TYPE uuid USING key::uuid;
-- query
SELECT max(key) FROM orders

-- case: failure: an aggregate of one's own is dropped
-- before
CREATE TABLE orders (id int PRIMARY KEY, total int);
CREATE AGGREGATE product(int) (SFUNC = int4mul, STYPE = int, INITCOND = '1');
-- migration
DROP AGGREGATE product(int);
-- query
SELECT product(total) FROM orders

-- case: trap: an aggregate in a subquery belongs to the outer query (fails: 42803)
-- before
CREATE TABLE users (id int, n int);
CREATE TABLE orders (user_id int, n int);
-- migration
ALTER TABLE orders DROP COLUMN n;
-- query
SELECT id, (SELECT sum(n) FROM orders WHERE user_id = id) FROM users
