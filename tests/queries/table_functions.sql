-- case: success: functions in FROM
-- before
CREATE TABLE docs (id int PRIMARY KEY, tags text[], body jsonb, old text);
-- migration
ALTER TABLE docs DROP COLUMN old;
-- query
SELECT n FROM generate_series(1, $1) AS n
-- query
SELECT d.id, t.tag, t.n FROM docs d, unnest(d.tags) WITH ORDINALITY AS t (tag, n)
-- query
SELECT d.id, e.key, e.value FROM docs d, jsonb_each(d.body) e
-- query
SELECT r.a, r.b FROM docs, jsonb_to_record(body) AS r (a int, b text)
-- query
SELECT * FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['a', 'b'])) AS x (n, s)
-- query
SELECT day::date FROM generate_series($1::timestamptz, $2::timestamptz, interval '1 day') day

-- case: failure: the argument of a function in FROM goes
-- before
CREATE TABLE docs (id int PRIMARY KEY, tags text[], body jsonb);
-- migration
ALTER TABLE docs DROP COLUMN body;
-- query
SELECT d.id, e.key FROM docs d, jsonb_each(d.body) e
-- query
SELECT id FROM docs, jsonb_array_elements(body -> 'lines') AS line WHERE line ->> 'sku' = $1

-- case: failure: a set-returning function of the schema is dropped
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE FUNCTION active_users(since date) RETURNS SETOF users LANGUAGE sql STABLE AS $$ SELECT * FROM users $$;
-- migration
DROP FUNCTION active_users(date);
-- query
SELECT u.name FROM active_users($1) u

-- case: failure: a table function returns other columns
-- before
CREATE FUNCTION totals() RETURNS TABLE (day date, amount numeric) LANGUAGE sql STABLE AS $$ SELECT current_date, 1.0 $$;
-- migration
DROP FUNCTION totals();
CREATE FUNCTION totals() RETURNS TABLE (day date, total numeric) LANGUAGE sql STABLE AS $$ SELECT current_date, 1.0 $$;
-- query
SELECT day, amount FROM totals()

-- case: failure: a function that returns rows of a table loses a column with it
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, nickname text);
CREATE FUNCTION all_users() RETURNS SETOF users LANGUAGE sql STABLE AS $$ SELECT * FROM users $$;
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
SELECT nickname FROM all_users()

-- case: trap: a scalar function gives its alias to its column (works)
-- before
CREATE TABLE n (n int);
CREATE TABLE docs (id int PRIMARY KEY, tags text[]);
-- migration
DROP TABLE n;
-- query
SELECT n FROM generate_series(1, 10) AS n
-- query
SELECT tag FROM docs, unnest(tags) tag WHERE tag LIKE $1

-- case: trap: a table with the name of the function does not matter (works)
-- before
CREATE TABLE generate_series (generate_series int);
-- migration
DROP TABLE generate_series;
-- query
SELECT generate_series FROM generate_series(1, 2)

-- case: trap: the array becomes json and unnest does not take it (fails: 42883)
-- before
CREATE TABLE docs (id int PRIMARY KEY, tags text[]);
-- migration
ALTER TABLE docs ALTER COLUMN tags TYPE jsonb USING to_jsonb(tags);
-- query
SELECT id, tag FROM docs, unnest(tags) AS tag
