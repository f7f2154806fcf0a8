-- case: success: a trigger that names what stays
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, updated_at timestamptz, old text);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.updated_at := now(); RETURN new; END $$;
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
INSERT INTO users (id, name) VALUES (1, 'a')
-- query
UPDATE users SET name = 'b'

-- case: failure: the trigger function names a dropped column of the row
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, updated_at timestamptz);
INSERT INTO users VALUES (1, 'a');
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.updated_at := now(); RETURN new; END $$;
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
-- migration
ALTER TABLE users DROP COLUMN updated_at;
-- query
INSERT INTO users (id, name) VALUES (2, 'b')
-- query
UPDATE users SET name = 'b' WHERE id = 1

-- case: failure: the trigger function writes to a table that is gone
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'a');
CREATE TABLE audit (user_id int, what text);
CREATE FUNCTION record() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit (user_id, what) VALUES (old.id, tg_op); RETURN old; END $$;
CREATE TRIGGER record AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION record();
-- migration
DROP TABLE audit;
-- query
DELETE FROM users WHERE id = 1

-- case: failure: a statement trigger names a renamed column
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY);
CREATE TABLE counters (name text, n int);
CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE counters SET n = n + 1 WHERE name = tg_table_name; RETURN NULL; END $$;
CREATE TRIGGER bump AFTER INSERT ON users FOR EACH STATEMENT EXECUTE FUNCTION bump();
-- migration
ALTER TABLE counters RENAME COLUMN n TO total;
-- query
INSERT INTO users (id) VALUES (1)

-- case: trap: a trigger before the insert fills the required column (works)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.slug := lower(new.name); RETURN new; END $$;
-- migration
ALTER TABLE users ADD COLUMN slug text NOT NULL;
CREATE TRIGGER fill BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION fill();
-- query
INSERT INTO users (id, name) VALUES (1, 'A')

-- case: trap: a trigger after the insert fills nothing (fails: 23502)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.slug := lower(new.name); RETURN new; END $$;
-- migration
ALTER TABLE users ADD COLUMN slug text NOT NULL;
CREATE TRIGGER fill AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION fill();
-- query
INSERT INTO users (id, name) VALUES (1, 'A')

-- case: trap: a trigger before the insert that fills another column (fails: 23502)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, updated_at timestamptz);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.updated_at := now(); RETURN new; END $$;
CREATE TRIGGER touch BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION touch();
-- migration
ALTER TABLE users ADD COLUMN slug text NOT NULL;
-- query
INSERT INTO users (id, name) VALUES (1, 'A')

-- case: trap: reading does not fire the broken trigger (works)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, updated_at timestamptz);
INSERT INTO users VALUES (1, 'a');
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.updated_at := now(); RETURN new; END $$;
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
-- migration
ALTER TABLE users DROP COLUMN updated_at;
-- query
SELECT id, name FROM users
-- query
DELETE FROM users WHERE id = 1

-- case: trap: a trigger for UPDATE OF another column is not fired (works)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, email text, changed text);
INSERT INTO users VALUES (1, 'a');
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.changed := 'email'; RETURN new; END $$;
CREATE TRIGGER note BEFORE UPDATE OF email ON users FOR EACH ROW EXECUTE FUNCTION note();
-- migration
ALTER TABLE users DROP COLUMN changed;
-- query
UPDATE users SET name = 'b'

-- case: trap: a row trigger on no row is not fired (works)
-- beyond: whether there are rows decides
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, updated_at timestamptz);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.updated_at := now(); RETURN new; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
-- migration
ALTER TABLE users DROP COLUMN updated_at;
-- query
UPDATE users SET id = id + 1

-- case: trap: a disabled trigger is not fired (works)
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY, updated_at timestamptz);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.updated_at := now(); RETURN new; END $$;
CREATE TRIGGER touch BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION touch();
-- migration
ALTER TABLE users DROP COLUMN updated_at;
ALTER TABLE users DISABLE TRIGGER touch;
-- query
INSERT INTO users (id) VALUES (1)

-- case: trap: the trigger of another table breaks through a foreign key's action (fails: 42703)
-- beyond: rows that refer to others decide
-- stage: execute
-- before
CREATE TABLE users (id int PRIMARY KEY);
CREATE TABLE posts (id int PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE, note text);
INSERT INTO users VALUES (1);
INSERT INTO posts VALUES (1, 1);
CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE DEBUG '%', old.note; RETURN old; END $$;
CREATE TRIGGER say BEFORE DELETE ON posts FOR EACH ROW EXECUTE FUNCTION say();
-- migration
ALTER TABLE posts DROP COLUMN note;
-- query
DELETE FROM users WHERE id = 1

-- case: success: the trigger reads the rows of the statement as a table
-- stage: execute
-- before
CREATE TABLE users (id int, name text, old text);
CREATE TABLE log (id int, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log (id, what) SELECT n.id, n.name FROM new_rows n;
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT ON users REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note();
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
INSERT INTO users (id, name) VALUES (1, 'a')

-- case: failure: a column of the table of new rows goes
-- stage: execute
-- before
CREATE TABLE users (id int, name text, old text);
CREATE TABLE log (id int, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log (id, what) SELECT n.id, n.old FROM new_rows n;
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT ON users REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note();
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
INSERT INTO users (id, name) VALUES (1, 'a')

-- case: trap: the trigger names its table of new rows otherwise (fails: 42P01)
-- stage: execute
-- before
CREATE TABLE users (id int, name text);
CREATE TABLE log (id int, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log (id, what) SELECT n.id, n.name FROM new_rows n;
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT ON users REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note();
-- migration
DROP TRIGGER note ON users;
CREATE TRIGGER note AFTER INSERT ON users REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION note();
-- query
INSERT INTO users (id, name) VALUES (1, 'a')
