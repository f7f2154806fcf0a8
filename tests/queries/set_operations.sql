-- case: success: both arms keep their columns
-- before
CREATE TABLE a (id int, name text, old text);
CREATE TABLE b (id int, title text);
-- migration
ALTER TABLE a DROP COLUMN old;
-- query
SELECT id, name FROM a UNION SELECT id, title FROM b ORDER BY name
-- query
(SELECT id FROM a ORDER BY id LIMIT 1) EXCEPT ALL (SELECT id FROM b)
-- query
SELECT id FROM a INTERSECT SELECT id FROM b WHERE title = $1

-- case: failure: a column of the second arm goes
-- before
CREATE TABLE a (id int, name text);
CREATE TABLE b (id int, title text);
-- migration
ALTER TABLE b DROP COLUMN title;
-- query
SELECT id, name FROM a UNION ALL SELECT id, title FROM b
-- query
SELECT name FROM a EXCEPT SELECT b.title FROM b

-- case: failure: the arms have types that cannot be matched
-- before
CREATE TABLE a (id int, code int);
CREATE TABLE b (id int, code int);
-- migration
ALTER TABLE b ALTER COLUMN code TYPE text;
-- query
SELECT code FROM a UNION SELECT code FROM b
-- query
SELECT id FROM a INTERSECT SELECT code FROM b

-- case: success: numeric types of the arms are matched
-- before
CREATE TABLE a (id int, code int);
CREATE TABLE b (id int, code int);
-- migration
ALTER TABLE b ALTER COLUMN code TYPE numeric;
-- query
SELECT code FROM a UNION SELECT code FROM b
-- query
SELECT 1 UNION SELECT code FROM b UNION SELECT NULL

-- case: failure: stars of two tables count differently
-- before
CREATE TABLE events (id int, name text);
CREATE TABLE old_events (id int, name text);
-- migration
ALTER TABLE events ADD COLUMN source text;
-- query
SELECT * FROM events UNION ALL SELECT * FROM old_events

-- case: trap: stars count the same though the columns are others (works)
-- before
CREATE TABLE events (id int, name text);
CREATE TABLE old_events (id int, name text);
-- migration
ALTER TABLE events RENAME COLUMN name TO title;
-- query
SELECT * FROM events UNION ALL SELECT * FROM old_events

-- case: trap: ORDER BY of a union sees only the names of the first arm (fails: 42703)
-- before
CREATE TABLE a (id int, name text);
CREATE TABLE b (id int, name text);
-- migration
ALTER TABLE a RENAME COLUMN name TO title;
-- query
SELECT * FROM a UNION SELECT * FROM b ORDER BY name

-- case: trap: the name comes from the first arm and the second may call it as it likes (works)
-- before
CREATE TABLE a (id int, name text);
CREATE TABLE b (id int, name text);
-- migration
ALTER TABLE b RENAME COLUMN name TO title;
-- query
SELECT u.name FROM (SELECT * FROM a UNION SELECT * FROM b) u ORDER BY u.name

-- case: trap: types are matched from left to right (fails: 42804)
-- before
CREATE TABLE a (code text);
-- migration
ALTER TABLE a ALTER COLUMN code TYPE int USING code::int;
-- query
SELECT NULL UNION SELECT NULL UNION SELECT code FROM a

-- case: failure: json has no equality for a union
-- before
CREATE TABLE a (doc jsonb);
-- migration
ALTER TABLE a ALTER COLUMN doc TYPE json;
-- query
SELECT doc FROM a UNION SELECT doc FROM a

-- case: trap: UNION ALL needs no equality (works)
-- before
CREATE TABLE a (doc jsonb);
-- migration
ALTER TABLE a ALTER COLUMN doc TYPE json;
-- query
SELECT doc FROM a UNION ALL SELECT doc FROM a
