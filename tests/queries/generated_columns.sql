-- case: success: reading a generated column and writing the others
-- before
CREATE TABLE items (id int PRIMARY KEY, price numeric, tax numeric GENERATED ALWAYS AS (price * 0.2) STORED, old text);
-- migration
ALTER TABLE items DROP COLUMN old;
-- query
SELECT id, tax FROM items WHERE tax > $1
-- query
INSERT INTO items (id, price) VALUES ($1, $2) RETURNING tax
-- query
INSERT INTO items (id, price, tax) VALUES ($1, $2, DEFAULT)
-- query
UPDATE items SET tax = DEFAULT

-- case: failure: a plain column becomes generated
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, search text);
-- migration
ALTER TABLE users DROP COLUMN search;
ALTER TABLE users ADD COLUMN search text GENERATED ALWAYS AS (lower(name)) STORED;
-- query
INSERT INTO users (id, name, search) VALUES ($1, $2, $3)
-- query
UPDATE users SET search = $1 WHERE id = $2
-- query
INSERT INTO users (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET search = excluded.search
-- query
INSERT INTO users VALUES ($1, $2, $3)
-- query
INSERT INTO users SELECT * FROM users

-- case: success: a generated column becomes a plain one
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, search text GENERATED ALWAYS AS (lower(name)) STORED);
-- migration
ALTER TABLE users ALTER COLUMN search DROP EXPRESSION;
-- query
INSERT INTO users (id, name) VALUES ($1, $2) RETURNING search
-- query
INSERT INTO users (id, name, search) VALUES ($1, $2, DEFAULT)

-- case: trap: a list with DEFAULT for one row and a value for another (fails: 428C9)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, search text);
-- migration
ALTER TABLE users DROP COLUMN search;
ALTER TABLE users ADD COLUMN search text GENERATED ALWAYS AS (lower(name)) STORED;
-- query
INSERT INTO users (id, name, search) VALUES (1, 'a', DEFAULT), (2, 'b', 'b')

-- case: trap: a generated column is added behind a positional INSERT (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users ADD COLUMN search text GENERATED ALWAYS AS (lower(name)) STORED;
-- query
INSERT INTO users VALUES ($1, $2)

-- case: trap: a generated column of the same name on another table (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, search text);
CREATE TABLE items (id int PRIMARY KEY, name text, search text);
-- migration
ALTER TABLE items DROP COLUMN search;
ALTER TABLE items ADD COLUMN search text GENERATED ALWAYS AS (lower(name)) STORED;
-- query
INSERT INTO users (id, name, search) VALUES ($1, $2, $3)

-- case: trap: a star that copies a table into itself now holds the generated column (fails: 428C9)
-- before
CREATE TABLE users (id int, name text);
-- migration
ALTER TABLE users ADD COLUMN search text GENERATED ALWAYS AS (lower(name)) STORED;
-- query
INSERT INTO users SELECT * FROM users

-- case: trap: DROP EXPRESSION keeps the name and takes the value away (works)
-- before
CREATE TABLE boxes (w int, h int, area int GENERATED ALWAYS AS (w * h) STORED);
-- migration
ALTER TABLE boxes ALTER COLUMN area DROP EXPRESSION;
-- query
INSERT INTO boxes (w, h) VALUES ($1, $2)
