-- case: success: bodies that name what stays
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, old text);
CREATE FUNCTION name_of(i int) RETURNS text LANGUAGE sql STABLE AS $$ SELECT name FROM users WHERE id = i $$;
CREATE FUNCTION count_users() RETURNS bigint LANGUAGE plpgsql STABLE AS $$ DECLARE n bigint; BEGIN SELECT count(*) INTO n FROM users; RETURN n; END $$;
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
SELECT name_of(1), count_users()

-- case: failure: a body in SQL names a dropped column
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'a');
CREATE FUNCTION name_of(i int) RETURNS text LANGUAGE sql STABLE AS $$ SELECT name FROM users WHERE id = i $$;
-- migration
ALTER TABLE users RENAME COLUMN name TO full_name;
-- query
SELECT name_of(1)
-- query
SELECT id FROM users WHERE name_of(id) IS NULL
-- query
SELECT * FROM name_of(1)

-- case: failure: a body in PL/pgSQL names a dropped table
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY);
CREATE TABLE stats (n int);
CREATE FUNCTION refresh() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM stats; INSERT INTO stats SELECT count(*) FROM users; END $$;
-- migration
DROP TABLE stats;
-- query
SELECT refresh()

-- case: failure: a body calls a function that is gone
-- stage: execute
-- before
CREATE FUNCTION inner_one() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;
CREATE FUNCTION outer_one() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN inner_one(); END $$;
-- migration
DROP FUNCTION inner_one();
-- query
SELECT outer_one()

-- case: failure: a type of a variable is gone
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE FUNCTION first_name() RETURNS text LANGUAGE plpgsql AS $$ DECLARE u users%ROWTYPE; BEGIN SELECT * INTO u FROM members LIMIT 1; RETURN u.name; END $$;
CREATE TABLE members (id int PRIMARY KEY, name text);
-- migration
DROP TABLE users;
-- query
SELECT first_name()

-- case: trap: a body bound when the function was made follows a rename (works)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE FUNCTION name_of(i int) RETURNS text LANGUAGE sql STABLE BEGIN ATOMIC SELECT name FROM users WHERE id = i; END;
-- migration
ALTER TABLE users RENAME COLUMN name TO full_name;
ALTER TABLE users RENAME TO members;
-- query
SELECT name_of(1)

-- case: trap: the body breaks only when it is run, and parsing the call is fine (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE FUNCTION name_of(i int) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT name FROM users WHERE id = i); END $$;
-- migration
ALTER TABLE users DROP COLUMN name;
-- query
SELECT name_of(id) FROM users

-- case: trap: a statement in a string is only known when it is run (fails: 42703)
-- beyond: the text is built at run time
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE FUNCTION dynamic() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'UPDATE users SET na' || 'me = NULL'; END $$;
-- migration
ALTER TABLE users DROP COLUMN name;
-- query
SELECT dynamic()

-- case: trap: a variable has the name of the dropped column (works)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, label text);
CREATE FUNCTION show() RETURNS text LANGUAGE plpgsql AS $$ DECLARE title text := 'x'; BEGIN RETURN (SELECT title FROM users LIMIT 1); END $$;
CREATE TABLE posts (id int PRIMARY KEY, title text);
-- migration
ALTER TABLE posts DROP COLUMN title;
-- query
SELECT show()

-- case: trap: a column is added that has the name of a variable (fails: 42702)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE FUNCTION show() RETURNS text LANGUAGE plpgsql AS $$ DECLARE title text := 'x'; BEGIN RETURN (SELECT title || name FROM users LIMIT 1); END $$;
-- migration
ALTER TABLE users ADD COLUMN title text;
-- query
SELECT show()

-- case: trap: in a body in SQL the column wins over the parameter (works)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE FUNCTION named(title text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT count(*) FROM users WHERE name = title $$;
-- migration
ALTER TABLE users ADD COLUMN title text;
-- query
SELECT named('a')

-- case: trap: a parameter takes over when the column goes (works)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE FUNCTION named(name text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT count(*) FROM users WHERE name = 'a' $$;
-- migration
ALTER TABLE users DROP COLUMN name;
-- query
SELECT named('a')

-- case: failure: a check constraint's function reads a column that is gone
-- stage: execute
-- before
CREATE TABLE limits (name text, n int);
INSERT INTO limits VALUES ('orders', 5);
CREATE FUNCTION allowed(k int) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN k <= (SELECT max(n) FROM limits); END $$;
CREATE TABLE orders (id int PRIMARY KEY, n int CHECK (allowed(n)));
-- migration
ALTER TABLE limits DROP COLUMN n;
-- query
INSERT INTO orders (id, n) VALUES (1, 2)
