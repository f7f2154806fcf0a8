-- case: success: subqueries in every clause
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total numeric);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
SELECT u.name, (SELECT max(total) FROM orders o WHERE o.user_id = u.id) AS best
FROM (SELECT id, name FROM users WHERE name IS NOT NULL) u
WHERE u.id IN (SELECT user_id FROM orders WHERE total > $1)
ORDER BY (SELECT count(*) FROM orders o WHERE o.user_id = u.id) DESC
LIMIT (SELECT count(*) FROM orders)

-- case: failure: a column in the subquery of each clause goes
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total numeric);
-- migration
ALTER TABLE orders DROP COLUMN total;
-- query
SELECT u.name, (SELECT max(total) FROM orders o WHERE o.user_id = u.id) FROM users u
-- query
SELECT s.id FROM (SELECT id, total FROM orders) s
-- query
SELECT id FROM users WHERE id IN (SELECT user_id FROM orders WHERE total > 10)
-- query
SELECT id FROM users u ORDER BY (SELECT sum(total) FROM orders o WHERE o.user_id = u.id)
-- query
SELECT count(*) FROM users u GROUP BY (SELECT min(o.total) FROM orders o WHERE o.user_id = u.id)
-- query
SELECT id FROM users LIMIT (SELECT max(total)::int FROM orders)
-- query
SELECT name FROM users GROUP BY name HAVING count(*) > (SELECT avg(total) FROM orders)
-- query
SELECT ARRAY(SELECT total FROM orders ORDER BY id)

-- case: trap: the inner column goes and the outer one is captured (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, status text);
CREATE TABLE banned (user_id int, status text);
-- migration
ALTER TABLE banned DROP COLUMN status;
-- query
SELECT id FROM users WHERE status IN (SELECT status FROM banned)

-- case: trap: the inner column goes, the outer one is captured and everything is deleted (works)
-- before
CREATE TABLE sessions (id int PRIMARY KEY, user_id int);
CREATE TABLE expired (session_id int, user_id int);
-- migration
ALTER TABLE expired RENAME COLUMN user_id TO owner_id;
-- query
DELETE FROM sessions WHERE user_id IN (SELECT user_id FROM expired)

-- case: trap: a qualified inner column is not captured by the outer table (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY, status text);
CREATE TABLE banned (user_id int, status text);
-- migration
ALTER TABLE banned DROP COLUMN status;
-- query
SELECT id FROM users WHERE status IN (SELECT banned.status FROM banned)
-- query
SELECT id FROM users WHERE status IN (SELECT b.status FROM banned b)

-- case: trap: a captured column has another type (fails: 42883)
-- before
CREATE TABLE users (id int PRIMARY KEY, code text);
CREATE TABLE batches (id int PRIMARY KEY, code int);
-- migration
ALTER TABLE batches DROP COLUMN code;
-- query
SELECT id FROM users WHERE id IN (SELECT code FROM batches)

-- case: trap: a column added to the inner table takes over from the outer one (fails: 42883)
-- before
CREATE TABLE users (id int PRIMARY KEY, region text);
CREATE TABLE shops (shop_id int PRIMARY KEY, city text);
-- migration
ALTER TABLE shops ADD COLUMN region int;
-- query
SELECT id FROM users WHERE EXISTS (SELECT 1 FROM shops WHERE city = region)

-- case: trap: a derived table does not see its neighbours (works)
-- before
CREATE TABLE a (id int, x int);
CREATE TABLE b (id int, x int);
-- migration
ALTER TABLE a DROP COLUMN x;
-- query
SELECT a.id, s.x FROM a, (SELECT x FROM b) s

-- case: failure: a derived table cannot capture from its neighbours
-- before
CREATE TABLE a (id int, x int);
CREATE TABLE b (id int, x int);
-- migration
ALTER TABLE b DROP COLUMN x;
-- query
SELECT a.id, s.x FROM a, (SELECT x FROM b) s

-- case: failure: a subquery with a star gives one column no longer
-- before
CREATE TABLE tags (name text);
CREATE TABLE posts (id int, tag text);
-- migration
ALTER TABLE tags ADD COLUMN color text;
-- query
SELECT id FROM posts WHERE tag IN (SELECT * FROM tags)
-- query
SELECT (SELECT * FROM tags LIMIT 1)

-- case: trap: EXISTS with a star does not count columns (works)
-- before
CREATE TABLE tags (name text);
CREATE TABLE posts (id int, tag text);
-- migration
ALTER TABLE tags ADD COLUMN color text;
-- query
SELECT id FROM posts WHERE EXISTS (SELECT * FROM tags WHERE name = tag)
