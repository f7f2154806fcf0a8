-- case: success: subqueries and lists as conditions
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, old text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total numeric);
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
SELECT id FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id) AND u.id NOT IN (SELECT user_id FROM orders WHERE user_id IS NOT NULL)
-- query
SELECT id FROM orders WHERE total > ALL (SELECT total FROM orders WHERE user_id = $1) OR total = SOME (ARRAY[1, 2])
-- query
SELECT id FROM users WHERE id = ANY ($1) AND name IN ('a', $2)

-- case: failure: the correlation or the list goes
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int);
-- migration
ALTER TABLE orders RENAME COLUMN user_id TO customer_id;
-- query
SELECT id FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)
-- query
SELECT id FROM users WHERE id IN (SELECT user_id FROM orders)
-- query
SELECT id FROM users WHERE id = ANY (SELECT user_id FROM orders)
-- query
SELECT id FROM users WHERE id <> ALL (ARRAY(SELECT user_id FROM orders))

-- case: failure: the two sides have types that do not compare
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int);
-- migration
ALTER TABLE orders ALTER COLUMN user_id TYPE uuid USING gen_random_uuid();
-- query
SELECT id FROM users WHERE id IN (SELECT user_id FROM orders)
-- query
SELECT id FROM users WHERE id = ANY (SELECT user_id FROM orders)
-- query
SELECT id FROM orders WHERE user_id IN (1, 2)

-- case: trap: NOT IN captures the outer column and finds nothing (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, email text);
CREATE TABLE blocked (email text, reason text);
-- migration
ALTER TABLE blocked RENAME COLUMN email TO address;
-- query
SELECT id FROM users WHERE email NOT IN (SELECT email FROM blocked)

-- case: trap: EXISTS reads columns in its list all the same (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY);
CREATE TABLE orders (order_id int PRIMARY KEY, note text);
-- migration
ALTER TABLE orders DROP COLUMN note;
-- query
SELECT id FROM users WHERE EXISTS (SELECT note FROM orders)

-- case: trap: ANY of a column that is an array no more (fails: 42809)
-- before
CREATE TABLE users (id int PRIMARY KEY, roles text[]);
-- migration
ALTER TABLE users ALTER COLUMN roles TYPE text USING roles[1];
-- query
SELECT id FROM users WHERE 'admin' = ANY (roles)

-- case: trap: there are no arrays of arrays (fails: 42704)
-- before
CREATE TABLE t (a text[], b text);
-- migration
ALTER TABLE t ADD COLUMN c int;
-- query
SELECT b FROM t WHERE a = ANY ($1)
