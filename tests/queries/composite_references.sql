-- case: success: the attribute that stays
-- before
CREATE TYPE address AS (street text, city text, zip text);
CREATE TABLE users (id int PRIMARY KEY, home address);
-- migration
ALTER TYPE address DROP ATTRIBUTE zip;
-- query
SELECT (home).city FROM users WHERE (home).street = $1
-- query
SELECT (u.home).city, (users2.home).street FROM users u, users users2
-- query
UPDATE users SET home.city = $1 WHERE id = $2

-- case: failure: an attribute goes
-- before
CREATE TYPE address AS (street text, city text, zip text);
CREATE TABLE users (id int PRIMARY KEY, home address);
-- migration
ALTER TYPE address DROP ATTRIBUTE zip;
-- query
SELECT (home).zip FROM users
-- query
SELECT (u.home).zip FROM users u
-- query
UPDATE users SET home.zip = $1
-- query
INSERT INTO users (id, home.zip) VALUES ($1, $2)
-- query
SELECT zip(home) FROM users

-- case: failure: an attribute is renamed
-- before
CREATE TYPE address AS (street text, city text);
CREATE TABLE users (id int PRIMARY KEY, home address);
-- migration
ALTER TYPE address RENAME ATTRIBUTE city TO town;
-- query
SELECT (home).city FROM users

-- case: failure: a row constructor has one field too few
-- before
CREATE TYPE address AS (street text, city text);
CREATE TABLE users (id int PRIMARY KEY, home address);
-- migration
ALTER TYPE address ADD ATTRIBUTE zip text;
-- query
SELECT ROW('a', 'b')::address
-- query
INSERT INTO users (id, home) VALUES (1, ROW('a', 'b'))

-- case: trap: without parentheses the composite column is taken for a table (works)
-- before
CREATE TYPE address AS (street text, city text);
CREATE TABLE users (id int PRIMARY KEY, home address);
CREATE TABLE home (id int, city text);
-- migration
ALTER TYPE address DROP ATTRIBUTE city;
-- query
SELECT home.city FROM users, home

-- case: trap: a table column has the name of the dropped attribute (fails: 42703)
-- before
CREATE TYPE address AS (street text, city text);
CREATE TABLE users (id int PRIMARY KEY, city text, home address);
-- migration
ALTER TYPE address DROP ATTRIBUTE city;
-- query
SELECT city, (home).city FROM users

-- case: trap: the row type of a table follows the table (fails: 42703)
-- before
CREATE TABLE points (x int, y int);
CREATE TABLE shapes (id int PRIMARY KEY, origin points);
-- migration
ALTER TABLE points RENAME COLUMN y TO height;
-- query
SELECT (origin).y FROM shapes

-- case: success: an array of composites
-- before
CREATE TYPE order_line AS (sku text, quantity int, note text);
CREATE TABLE orders (id int PRIMARY KEY, lines order_line[]);
-- migration
ALTER TYPE order_line DROP ATTRIBUTE note;
-- query
SELECT (lines[1]).sku FROM orders
-- query
SELECT o.id, l.sku, l.quantity FROM orders o, unnest(o.lines) l

-- case: failure: a field of an array of composites goes
-- before
CREATE TYPE order_line AS (sku text, quantity int, note text);
CREATE TABLE orders (id int PRIMARY KEY, lines order_line[]);
-- migration
ALTER TYPE order_line DROP ATTRIBUTE note;
-- query
SELECT (lines[1]).note FROM orders
-- query
SELECT l.note FROM orders o, unnest(o.lines) l

-- case: trap: the name of a built-in type is not that of one's own composite (works)
-- before
CREATE TYPE line AS (sku text, quantity int);
CREATE TABLE drawings (id int PRIMARY KEY, edge line);
-- migration
DROP TYPE public.line;
-- query
SELECT edge, line(point(0, 0), point(1, 1)) FROM drawings WHERE edge = $1::line
