-- case: success: a lateral subquery reads its left neighbour
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int, placed_at timestamptz);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
SELECT u.name, last.placed_at
FROM users u
LEFT JOIN LATERAL (SELECT o.placed_at FROM orders o WHERE o.user_id = u.id ORDER BY o.placed_at DESC LIMIT 1) last ON true

-- case: failure: what the lateral subquery reads of its neighbour goes
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, since timestamptz);
CREATE TABLE orders (id int PRIMARY KEY, user_id int, placed_at timestamptz);
-- migration
ALTER TABLE users DROP COLUMN since;
-- query
SELECT u.name, o.id FROM users u, LATERAL (SELECT id FROM orders WHERE user_id = u.id AND placed_at >= u.since) o
-- query
SELECT u.name, o.id FROM users u CROSS JOIN LATERAL (SELECT id FROM orders WHERE placed_at >= since) o

-- case: trap: without LATERAL the neighbour is not visible and with it the inner column wins (works)
-- before
CREATE TABLE a (id int, x int);
CREATE TABLE b (id int, x int);
-- migration
ALTER TABLE a DROP COLUMN x;
-- query
SELECT s.x FROM a, LATERAL (SELECT x FROM b WHERE b.id = a.id) s

-- case: trap: the inner column goes and the lateral neighbour is captured (works)
-- before
CREATE TABLE a (id int, x int);
CREATE TABLE b (id int, x int);
-- migration
ALTER TABLE b DROP COLUMN x;
-- query
SELECT s.x FROM a, LATERAL (SELECT x FROM b WHERE b.id = a.id) s

-- case: trap: a lateral neighbour is only captured from the left (fails: 42703)
-- before
CREATE TABLE a (id int, x int);
CREATE TABLE b (id int, x int);
-- migration
ALTER TABLE b DROP COLUMN x;
-- query
SELECT s.x FROM LATERAL (SELECT x FROM b) s, a

-- case: trap: a function in FROM is lateral without the word (fails: 42703)
-- before
CREATE TABLE docs (id int PRIMARY KEY, tags text[]);
-- migration
ALTER TABLE docs RENAME COLUMN tags TO labels;
-- query
SELECT d.id, t FROM docs d, unnest(d.tags) AS t
-- query
SELECT id, t.tag FROM docs CROSS JOIN unnest(tags) WITH ORDINALITY AS t (tag, n)

-- case: failure: two neighbours have the column after one is added
-- before
CREATE TABLE a (id int, x int);
CREATE TABLE b (bid int);
-- migration
ALTER TABLE b ADD COLUMN x int;
-- query
SELECT s.y FROM a, b, LATERAL (SELECT x + 1 AS y) s
