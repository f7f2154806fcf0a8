-- case: success: a condition on aggregates
-- before
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total numeric, note text);
-- migration
ALTER TABLE orders DROP COLUMN note;
-- query
SELECT user_id FROM orders GROUP BY user_id HAVING sum(total) > $1
-- query
SELECT 1 FROM orders HAVING count(*) > 0

-- case: failure: the column in HAVING goes
-- before
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total numeric);
-- migration
ALTER TABLE orders DROP COLUMN total;
-- query
SELECT user_id FROM orders GROUP BY user_id HAVING sum(total) > 10

-- case: trap: HAVING does not see the output alias (fails: 42703)
-- before
CREATE TABLE orders (id int PRIMARY KEY, user_id int, region text);
-- migration
ALTER TABLE orders DROP COLUMN region;
-- query
SELECT upper('x') AS region, count(*) FROM orders GROUP BY orders.id HAVING region = 'X'

-- case: trap: an output alias hides no input column in HAVING (works)
-- before
CREATE TABLE orders (user_id int, total numeric, old int);
-- migration
ALTER TABLE orders DROP COLUMN old;
-- query
SELECT sum(total) AS user_id FROM orders GROUP BY orders.user_id HAVING user_id > 0

-- case: failure: the type of an aggregate changes
-- before
CREATE TABLE orders (user_id int, code int);
-- migration
ALTER TABLE orders ALTER COLUMN code TYPE text;
-- query
SELECT user_id FROM orders GROUP BY user_id HAVING max(code) > 3
