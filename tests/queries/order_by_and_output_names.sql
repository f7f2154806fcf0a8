-- case: success: ordering by column, position, alias and expression
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, created_at timestamptz, old text);
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
SELECT id, lower(name) AS key FROM users ORDER BY key, 1 DESC, created_at NULLS FIRST, length(name)
-- query
SELECT DISTINCT name FROM users ORDER BY name

-- case: failure: a column that is only ordered by goes
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, position int);
-- migration
ALTER TABLE users DROP COLUMN position;
-- query
SELECT id FROM users ORDER BY position
-- query
SELECT id FROM users ORDER BY users.position DESC
-- query
SELECT id FROM users ORDER BY coalesce(position, 0)

-- case: trap: the output name wins over the input column (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, rank int);
-- migration
ALTER TABLE users DROP COLUMN rank;
-- query
SELECT id, length(name) AS rank FROM users ORDER BY rank

-- case: trap: inside an expression the output name is not seen (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, rank int);
-- migration
ALTER TABLE users DROP COLUMN rank;
-- query
SELECT id, length(name) AS rank FROM users ORDER BY rank + 0

-- case: trap: a qualified name in ORDER BY is never an output name (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, place int);
-- migration
ALTER TABLE users DROP COLUMN place;
-- query
SELECT id, length(name) AS place FROM users u ORDER BY u.place

-- case: trap: a qualified name that is no column any more is tried as a function of the row (fails: 42809)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, rank int);
-- migration
ALTER TABLE users DROP COLUMN rank;
-- query
SELECT id, length(name) AS rank FROM users u ORDER BY u.rank

-- case: trap: two outputs of one name are ambiguous once they differ (fails: 42702)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE orders (order_id int PRIMARY KEY, user_id int);
-- migration
ALTER TABLE orders ADD COLUMN name text;
-- query
SELECT * FROM users JOIN orders ON user_id = id ORDER BY name

-- case: trap: two outputs of one name and one meaning are not ambiguous (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, old text);
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
SELECT name, users.name FROM users ORDER BY name
-- query
SELECT u.*, name FROM users u ORDER BY name

-- case: trap: with DISTINCT the order must be in the output, and the column has moved to the other table (fails: 42P10)
-- before
CREATE TABLE a (id int, place int);
CREATE TABLE b (a_id int);
-- migration
ALTER TABLE a DROP COLUMN place;
ALTER TABLE b ADD COLUMN place int;
-- query
SELECT DISTINCT a.* FROM a JOIN b ON a_id = id ORDER BY place

-- case: trap: without DISTINCT the moved column is found (works)
-- before
CREATE TABLE a (id int, place int);
CREATE TABLE b (a_id int);
-- migration
ALTER TABLE a DROP COLUMN place;
ALTER TABLE b ADD COLUMN place int;
-- query
SELECT a.* FROM a JOIN b ON a_id = id ORDER BY place

-- case: failure: a type that has no order
-- before
CREATE TABLE events (id int PRIMARY KEY, payload jsonb);
-- migration
ALTER TABLE events ALTER COLUMN payload TYPE json;
-- query
SELECT id FROM events ORDER BY payload

-- case: failure: the output order of a list that a screen sorts by
-- before
CREATE TABLE tickets (id bigint PRIMARY KEY, title text NOT NULL, assignee_id bigint, priority smallint NOT NULL, closed_at timestamptz);
CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);
-- migration
ALTER TABLE tickets RENAME COLUMN priority TO urgency;
-- query
SELECT t.id, t.title, u.name AS assignee
FROM tickets t
LEFT JOIN users u ON u.id = t.assignee_id
WHERE t.closed_at IS NULL
  AND ($1::bigint IS NULL OR t.assignee_id = $1)
ORDER BY CASE WHEN t.assignee_id IS NULL THEN 1 ELSE 0 END, t.priority DESC, t.id
LIMIT $2 OFFSET $3

-- case: trap: of constants only a place in the list says anything (fails: 42601, 42804)
-- before
CREATE TABLE t (a int, b text);
-- migration
ALTER TABLE t ADD COLUMN c int;
-- query
SELECT a FROM t ORDER BY 'a'
-- query
SELECT a FROM t ORDER BY 1.5
-- query
SELECT a FROM t GROUP BY a, 'b'
-- query
SELECT a FROM t LIMIT b
-- query
SELECT a FROM t LIMIT a
