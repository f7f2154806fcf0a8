-- case: success: the merged column is one column
-- before
CREATE TABLE users (user_id int PRIMARY KEY, name text, old text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total numeric);
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
SELECT user_id, name, total FROM users JOIN orders USING (user_id) WHERE user_id = $1
-- query
SELECT users.user_id, orders.user_id FROM users LEFT JOIN orders USING (user_id)
-- query
SELECT user_id FROM users FULL JOIN orders USING (user_id) ORDER BY user_id

-- case: failure: the merged column is renamed on one side
-- before
CREATE TABLE users (user_id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int);
-- migration
ALTER TABLE orders RENAME COLUMN user_id TO customer_id;
-- query
SELECT name FROM users JOIN orders USING (user_id)
-- query
SELECT name FROM orders RIGHT JOIN users USING (user_id)

-- case: failure: the merged columns have types that do not compare any more
-- before
CREATE TABLE users (user_id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int);
-- migration
ALTER TABLE orders ALTER COLUMN user_id TYPE text;
-- query
SELECT name FROM users JOIN orders USING (user_id)

-- case: success: integers of two widths merge
-- before
CREATE TABLE users (user_id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int);
-- migration
ALTER TABLE orders ALTER COLUMN user_id TYPE bigint;
-- query
SELECT user_id, name FROM users JOIN orders USING (user_id) WHERE user_id = $1

-- case: trap: a second column of both sides is ambiguous though the merged one is not (fails: 42702)
-- before
CREATE TABLE users (user_id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total numeric);
-- migration
ALTER TABLE orders ADD COLUMN name text;
-- query
SELECT user_id, name FROM users JOIN orders USING (user_id)

-- case: trap: the left side has the merged column twice (fails: 42702)
-- before
CREATE TABLE a (k int, x int);
CREATE TABLE b (b_id int, a_k int);
CREATE TABLE c (k int, y int);
-- migration
ALTER TABLE b ADD COLUMN k int;
-- query
SELECT y FROM a JOIN b ON a.k = b.a_k JOIN c USING (k)

-- case: trap: the name in USING is that of an unrelated table's dropped column (works)
-- before
CREATE TABLE users (user_id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int);
CREATE TABLE logs (id int, user_id int);
-- migration
ALTER TABLE logs DROP COLUMN user_id;
-- query
SELECT name FROM users JOIN orders USING (user_id) CROSS JOIN logs

-- case: trap: a column of the right side with the name of the merged one is no conflict in a chain (works)
-- before
CREATE TABLE a (k int, x int);
CREATE TABLE b (k int, y int);
CREATE TABLE c (k int, z int);
-- migration
ALTER TABLE c ADD COLUMN w int;
-- query
SELECT k, x, y, z FROM a JOIN b USING (k) LEFT JOIN c USING (k)
