-- case: success: names that only one table has
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE orders (order_id int PRIMARY KEY, user_id int, total numeric);
-- migration
ALTER TABLE orders ADD COLUMN note text;
-- query
SELECT id, name, total FROM users JOIN orders ON user_id = id WHERE total > $1

-- case: failure: a column is added that another table of the join has
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE orders (order_id int PRIMARY KEY, user_id int, total numeric);
-- migration
ALTER TABLE orders ADD COLUMN name text;
-- query
SELECT name FROM users JOIN orders ON user_id = id
-- query
SELECT id FROM users, orders WHERE name = $1
-- query
SELECT id FROM users LEFT JOIN orders ON user_id = id AND name IS NOT NULL
-- query
SELECT total FROM users, orders ORDER BY name
-- query
SELECT count(*) FROM users, orders GROUP BY name

-- case: failure: a column is renamed to what another table has
-- before
CREATE TABLE users (id int PRIMARY KEY, created_at timestamptz);
CREATE TABLE orders (order_id int PRIMARY KEY, user_id int, placed_at timestamptz);
-- migration
ALTER TABLE orders RENAME COLUMN placed_at TO created_at;
-- query
SELECT id, created_at FROM users JOIN orders ON user_id = id

-- case: trap: an inner query takes its own column first (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE orders (order_id int PRIMARY KEY, user_id int);
-- migration
ALTER TABLE orders ADD COLUMN name text;
-- query
SELECT id FROM users WHERE EXISTS (SELECT 1 FROM orders WHERE user_id = id AND name = $1)

-- case: trap: ORDER BY of an output name is not ambiguous (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE orders (order_id int PRIMARY KEY, user_id int);
-- migration
ALTER TABLE orders ADD COLUMN name text;
-- query
SELECT users.name FROM users JOIN orders ON user_id = id ORDER BY name

-- case: trap: GROUP BY takes the input and is ambiguous (fails: 42702)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE orders (order_id int PRIMARY KEY, user_id int);
-- migration
ALTER TABLE orders ADD COLUMN name text;
-- query
SELECT users.name FROM users JOIN orders ON user_id = id GROUP BY name

-- case: trap: the column is added to a table that the query does not join (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE orders (order_id int PRIMARY KEY, user_id int);
CREATE TABLE items (item_id int PRIMARY KEY);
-- migration
ALTER TABLE items ADD COLUMN name text;
-- query
SELECT name FROM users JOIN orders ON user_id = id

-- case: trap: a column added behind a view does not reach the query (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE order_rows (order_id int PRIMARY KEY, user_id int);
CREATE VIEW orders AS SELECT * FROM order_rows;
-- migration
ALTER TABLE order_rows ADD COLUMN name text;
-- query
SELECT name FROM users JOIN orders ON user_id = id

-- case: trap: two tables of one name in two schemas need an alias for neither (fails: 42702)
-- before
CREATE SCHEMA app;
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE app.users (uid int PRIMARY KEY);
-- migration
ALTER TABLE app.users ADD COLUMN name text;
-- query
SELECT name FROM public.users, app.users

-- case: failure: a long query with bare names meets a new column
-- before
CREATE TABLE accounts (account_id bigint PRIMARY KEY, owner text NOT NULL, opened_on date NOT NULL, currency char(3) NOT NULL);
CREATE TABLE transactions (transaction_id bigint PRIMARY KEY, account_ref bigint NOT NULL, amount numeric(12, 2) NOT NULL, booked_on date NOT NULL);
CREATE TABLE categories (category_id int PRIMARY KEY, label text NOT NULL);
CREATE TABLE transaction_categories (transaction_ref bigint, category_ref int);
-- migration
ALTER TABLE transactions ADD COLUMN currency char(3);
-- query
SELECT owner, label, currency, date_trunc('month', booked_on)::date AS month,
       sum(amount) AS total,
       sum(amount) FILTER (WHERE amount < 0) AS spent,
       count(*) AS bookings
FROM accounts
JOIN transactions ON account_ref = account_id
LEFT JOIN transaction_categories ON transaction_ref = transaction_id
LEFT JOIN categories ON category_id = category_ref
WHERE booked_on BETWEEN $1 AND $2
  AND (owner = $3 OR $3 IS NULL)
GROUP BY owner, label, currency, date_trunc('month', booked_on)
HAVING count(*) > 1
ORDER BY owner, month, total DESC NULLS LAST
LIMIT 500
