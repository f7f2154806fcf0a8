-- case: success: a CTE that reads what stays
-- before
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total numeric, note text);
-- migration
ALTER TABLE orders DROP COLUMN note;
-- query
WITH sums AS (SELECT user_id, sum(total) AS total FROM orders GROUP BY user_id)
SELECT s.user_id, s.total FROM sums s WHERE s.total > $1

-- case: failure: a column inside a CTE goes
-- before
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total numeric, note text);
-- migration
ALTER TABLE orders DROP COLUMN note;
-- query
WITH notes AS (SELECT id, note FROM orders) SELECT id FROM notes
-- query
WITH a AS (SELECT * FROM orders), b AS (SELECT note FROM a) SELECT * FROM b

-- case: failure: an unused CTE is bound all the same
-- before
CREATE TABLE orders (id int PRIMARY KEY, note text);
-- migration
ALTER TABLE orders DROP COLUMN note;
-- query
WITH unused AS (SELECT note FROM orders) SELECT 1

-- case: trap: a CTE shadows the table of its name (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE people (id int PRIMARY KEY, name text);
-- migration
DROP TABLE users;
-- query
WITH users AS (SELECT id, name FROM people) SELECT name FROM users WHERE id = $1

-- case: trap: a CTE reads the table of its own name (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users DROP COLUMN name;
-- query
WITH users AS (SELECT id, name FROM users) SELECT id FROM users

-- case: trap: a qualified name is never a CTE (fails: 42P01)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
DROP TABLE users;
-- query
WITH users AS (SELECT 1 AS id, 'x'::text AS name) SELECT name FROM public.users

-- case: trap: a later CTE is not visible in an earlier one (fails: 42P01)
-- before
CREATE TABLE b (id int);
-- migration
DROP TABLE b;
-- query
WITH a AS (SELECT id FROM b), b AS (SELECT 1 AS id) SELECT * FROM a

-- case: trap: the column list of a CTE renames what is inside (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
WITH u (id, nickname) AS (SELECT id, name FROM users) SELECT nickname FROM u

-- case: trap: a CTE of an inner query does not reach the outer one (fails: 42P01)
-- before
CREATE TABLE recent (id int);
CREATE TABLE events (id int);
-- migration
DROP TABLE recent;
-- query
SELECT (WITH recent AS (SELECT id FROM events) SELECT count(*) FROM recent) FROM recent

-- case: trap: the target of an INSERT is never a CTE (fails: 42P01)
-- before
CREATE TABLE audit (id int);
CREATE TABLE events (id int);
-- migration
DROP TABLE audit;
-- query
WITH events AS (SELECT 1 AS id) INSERT INTO audit SELECT id FROM events

-- case: success: a star in a CTE passes the rest on
-- before
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total numeric, note text);
-- migration
ALTER TABLE orders DROP COLUMN note;
-- query
WITH o AS MATERIALIZED (SELECT * FROM orders WHERE user_id = $1) SELECT o.id, o.total FROM o ORDER BY total DESC

-- case: failure: a report of several CTEs loses one column
-- before
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, region text, created_at timestamptz NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, placed_at timestamptz NOT NULL, status text NOT NULL);
CREATE TABLE order_lines (order_id bigint REFERENCES orders, line int, sku text, quantity int, price numeric(10,2), discount numeric(10,2), PRIMARY KEY (order_id, line));
-- migration
ALTER TABLE order_lines DROP COLUMN discount;
-- query
WITH monthly AS (
    SELECT o.customer_id,
           date_trunc('month', o.placed_at) AS month,
           count(DISTINCT o.id) AS orders,
           sum(l.quantity * (l.price - coalesce(l.discount, 0))) AS revenue
    FROM orders o
    JOIN order_lines l ON l.order_id = o.id
    WHERE o.status <> 'cancelled'
      AND o.placed_at >= $1 AND o.placed_at < $2
    GROUP BY o.customer_id, date_trunc('month', o.placed_at)
),
ranked AS (
    SELECT m.*, rank() OVER (PARTITION BY m.month ORDER BY m.revenue DESC) AS place
    FROM monthly m
)
SELECT c.region, c.name, r.month, r.orders, r.revenue
FROM ranked r
JOIN customers c ON c.id = r.customer_id
WHERE r.place <= $3
ORDER BY r.month, r.place

-- case: success: the same report without the dropped column
-- before
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, region text, created_at timestamptz NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, placed_at timestamptz NOT NULL, status text NOT NULL);
CREATE TABLE order_lines (order_id bigint REFERENCES orders, line int, sku text, quantity int, price numeric(10,2), discount numeric(10,2), PRIMARY KEY (order_id, line));
-- migration
ALTER TABLE order_lines DROP COLUMN discount;
ALTER TABLE customers DROP COLUMN created_at;
-- query
WITH monthly AS (
    SELECT o.customer_id,
           date_trunc('month', o.placed_at) AS month,
           count(DISTINCT o.id) AS orders,
           sum(l.quantity * l.price) AS revenue
    FROM orders o
    JOIN order_lines l ON l.order_id = o.id
    WHERE o.status <> 'cancelled'
      AND o.placed_at >= $1 AND o.placed_at < $2
    GROUP BY o.customer_id, 2
),
ranked AS (
    SELECT m.*, rank() OVER (PARTITION BY m.month ORDER BY m.revenue DESC) AS place
    FROM monthly m
)
SELECT c.region, c.name, r.month, r.orders, r.revenue
FROM ranked r
JOIN customers c ON c.id = r.customer_id
WHERE r.place <= $3
ORDER BY r.month, r.place
