-- case: success: a column of the table of the same name in another schema goes
-- before
CREATE SCHEMA billing;
CREATE TABLE users (id int PRIMARY KEY, email text);
CREATE TABLE billing.users (id int PRIMARY KEY, email text);
-- migration
ALTER TABLE billing.users DROP COLUMN email;
-- query
SELECT id, email FROM users WHERE email = $1
-- query
SELECT public.users.email FROM public.users
-- query
SELECT id FROM billing.users

-- case: failure: a table moves to a schema that is not on the path
-- before
CREATE SCHEMA archive;
CREATE TABLE invoices (id int PRIMARY KEY, total numeric);
-- migration
ALTER TABLE invoices SET SCHEMA archive;
-- query
SELECT total FROM invoices WHERE id = $1
-- query
SELECT total FROM public.invoices WHERE id = $1
-- query
INSERT INTO invoices (id, total) VALUES ($1, $2)

-- case: failure: a schema is renamed
-- before
CREATE SCHEMA billing;
CREATE TABLE billing.invoices (id int PRIMARY KEY, total numeric);
-- migration
ALTER SCHEMA billing RENAME TO finance;
-- query
SELECT i.total FROM billing.invoices AS i WHERE i.id = $1
-- query
DELETE FROM billing.invoices WHERE id = $1

-- case: success: a table moves between two schemas of the path
-- search_path: app, public
-- before
CREATE SCHEMA app;
CREATE TABLE public.jobs (id int PRIMARY KEY, state text);
-- migration
ALTER TABLE public.jobs SET SCHEMA app;
-- query
SELECT id FROM jobs WHERE state = $1

-- case: trap: a table made in the first schema of the path captures the name (fails: 42703)
-- search_path: app, public
-- before
CREATE SCHEMA app;
CREATE TABLE public.settings (key text PRIMARY KEY, value text);
-- migration
CREATE TABLE app.settings (key text PRIMARY KEY);
-- query
SELECT value FROM settings WHERE key = $1

-- case: trap: a table made in a later schema of the path captures nothing (works)
-- search_path: app, public
-- before
CREATE SCHEMA app;
CREATE TABLE app.settings (key text PRIMARY KEY, value text);
-- migration
CREATE TABLE public.settings (key text PRIMARY KEY);
-- query
SELECT value FROM settings WHERE key = $1

-- case: trap: a dropped table of the first schema uncovers one without the column (fails: 42703)
-- search_path: app, public
-- before
CREATE SCHEMA app;
CREATE TABLE public.settings (key text PRIMARY KEY);
CREATE TABLE app.settings (key text PRIMARY KEY, value text);
-- migration
DROP TABLE app.settings;
-- query
SELECT value FROM settings WHERE key = $1

-- case: trap: a table in public with the name of a system table is hidden by it (works)
-- before
CREATE TABLE public.pg_settings (name text PRIMARY KEY, mine text);
CREATE TABLE t (id int);
-- migration
DROP TABLE public.pg_settings;
-- query
SELECT name, setting FROM pg_settings WHERE name = $1

-- case: trap: a setting of the path inside a migration is not that of the code (fails: 42P01)
-- before
CREATE SCHEMA app;
CREATE TABLE public.events (id int PRIMARY KEY);
-- migration
SET search_path = app;
CREATE TABLE events (id int PRIMARY KEY, name text);
DROP TABLE public.events;
-- query
SELECT id FROM events

-- case: success: a name qualified with the schema in every place
-- before
CREATE SCHEMA app;
CREATE TABLE app.users (id int PRIMARY KEY, name text, nickname text);
CREATE TABLE app.orders (id int PRIMARY KEY, user_id int REFERENCES app.users, total numeric);
-- migration
ALTER TABLE app.users DROP COLUMN nickname;
-- query
SELECT app.users.name, sum(app.orders.total)
FROM app.users JOIN app.orders ON app.orders.user_id = app.users.id
WHERE app.users.id = $1
GROUP BY app.users.name
ORDER BY app.users.name

-- case: failure: the type of a cast moves with its schema
-- before
CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE people (id int PRIMARY KEY, mood mood);
-- migration
ALTER TYPE mood SET SCHEMA app;
-- query
SELECT id FROM people WHERE mood = $1::mood

-- case: success: a comparison without the name of the moved type
-- before
CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE people (id int PRIMARY KEY, mood mood);
-- migration
ALTER TYPE mood SET SCHEMA app;
-- query
SELECT id FROM people WHERE mood = $1
-- query
SELECT id FROM people WHERE mood = 'sad'

-- case: failure: an unqualified function moves off the path
-- before
CREATE SCHEMA app;
CREATE FUNCTION slug(value text) RETURNS text LANGUAGE sql IMMUTABLE RETURN lower(value);
CREATE TABLE posts (id int PRIMARY KEY, title text);
-- migration
ALTER FUNCTION slug(text) SET SCHEMA app;
-- query
SELECT slug(title) FROM posts
