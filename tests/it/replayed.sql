CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE users (
  id bigserial PRIMARY KEY,
  email varchar(255) NOT NULL UNIQUE,
  age integer CHECK (age > 0),
  mood mood DEFAULT 'ok',
  tags text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  full_name text GENERATED ALWAYS AS (lower(email)) STORED,
  CHECK (age < 200 OR email <> '')
);
CREATE TABLE posts (
  id integer GENERATED ALWAYS AS IDENTITY,
  user_id bigint REFERENCES users ON DELETE CASCADE,
  title text,
  UNIQUE (user_id, title),
  PRIMARY KEY (id)
);
CREATE INDEX ON posts (title);
CREATE INDEX ON posts (title);
CREATE UNIQUE INDEX posts_lower ON posts (lower(title)) WHERE user_id IS NOT NULL;
CREATE VIEW titles AS SELECT id, title FROM posts;
-- next
ALTER TABLE users RENAME COLUMN age TO years;
ALTER TABLE users ALTER COLUMN years TYPE bigint, ALTER COLUMN years SET NOT NULL;
ALTER TABLE users ADD COLUMN IF NOT EXISTS years integer;
ALTER TABLE users ADD COLUMN nick text, ADD COLUMN n smallserial;
ALTER TABLE users DROP COLUMN mood;
ALTER TABLE posts RENAME TO articles;
ALTER INDEX posts_title_idx RENAME TO t_idx;
DROP INDEX posts_title_idx1;
-- next
ALTER TABLE articles DROP CONSTRAINT posts_user_id_title_key;
ALTER TABLE articles ADD CONSTRAINT k CHECK (title <> '') NOT VALID;
ALTER TABLE articles ADD FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
ALTER TABLE articles VALIDATE CONSTRAINT k;
ALTER TABLE articles RENAME CONSTRAINT k TO title_not_empty;
CREATE UNIQUE INDEX by_title ON articles (title);
ALTER TABLE articles ADD CONSTRAINT unique_title UNIQUE USING INDEX by_title;
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'ok';
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
-- next
ALTER TYPE mood ADD VALUE 'fine' BEFORE 'ok';
CREATE SCHEMA app;
CREATE TABLE app.a_table_with_quite_a_long_name_that_nearly_fills_it (
  a_column_with_a_long_name_as_well integer UNIQUE,
  another_long_column_name integer CHECK (another_long_column_name > 0)
);
CREATE TABLE app.child (c integer) INHERITS (users);
CREATE TABLE part (a integer NOT NULL, b date, PRIMARY KEY (a, b)) PARTITION BY RANGE (b);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
ALTER TABLE part ADD COLUMN c text NOT NULL DEFAULT '';
CREATE TABLE copy (LIKE users INCLUDING ALL);
CREATE TABLE made AS SELECT id, email FROM users;
ALTER TABLE users ADD COLUMN late integer;
-- next
ALTER TABLE users ALTER COLUMN n DROP DEFAULT, ALTER COLUMN n DROP NOT NULL;
ALTER TABLE articles ALTER COLUMN id DROP IDENTITY;
ALTER TABLE articles ALTER COLUMN id SET DEFAULT 1;
DROP VIEW titles;
ALTER TABLE articles SET SCHEMA app;
DROP TABLE users CASCADE;
DROP TYPE mood CASCADE;
CREATE TABLE users (id integer PRIMARY KEY UNIQUE, a integer UNIQUE, CONSTRAINT named UNIQUE (a));
-- next
CREATE TABLE figured (a integer, b text, c text);
CREATE INDEX ON figured (lower(b));
CREATE INDEX ON figured (a, lower(b));
CREATE INDEX ON figured ((b::integer));
CREATE INDEX ON figured (coalesce(b, c));
CREATE INDEX ON figured ((a + 1));
CREATE INDEX ON figured (a, a);
CREATE INDEX ON figured (a) INCLUDE (b);
CREATE INDEX ON figured (to_tsvector('english', b));
CREATE INDEX ON figured ((CASE WHEN a > 0 THEN 1 END));
CREATE TEMP TABLE gone (a integer);
-- next
-- The actions of one ALTER TABLE run in passes.
CREATE TABLE passes (a integer, c integer);
ALTER TABLE passes ADD UNIQUE (b), ADD b integer, ALTER a TYPE text, DROP c;
ALTER TABLE passes ALTER a SET NOT NULL, ALTER a DROP NOT NULL;
ALTER TABLE passes ADD CHECK (d > 0), ADD COLUMN d integer DEFAULT 1, ALTER b SET DEFAULT 5;
-- next
-- Helpers that build statements from their arguments.
CREATE TABLE touched (id integer, updated_at timestamptz);
CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
CREATE FUNCTION manage_updated_at(_tbl regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER set_updated_at BEFORE UPDATE ON %s
                    FOR EACH ROW EXECUTE PROCEDURE set_updated_at()', _tbl);
END $$;
SELECT manage_updated_at('touched');
CREATE FUNCTION make_partitions(parent text, n integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE made integer := 0;
BEGIN
    FOR i IN 0..n - 1 LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS %s, REMAINDER %s)',
            parent || '_' || i, parent, n, i);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;
CREATE TABLE shards (id bigint NOT NULL) PARTITION BY HASH (id);
SELECT make_partitions('shards', 3);
-- next
DO $$
DECLARE t text; names text[] := ARRAY['loop_a', 'loop_b'];
BEGIN
    FOREACH t IN ARRAY names LOOP
        EXECUTE 'CREATE TABLE ' || quote_ident(t) || ' (id integer PRIMARY KEY)';
    END LOOP;
    IF NOT EXISTS (SELECT FROM information_schema.columns
                   WHERE table_name = 'loop_a' AND column_name = 'extra') THEN
        ALTER TABLE loop_a ADD COLUMN extra text;
    END IF;
    IF EXISTS (SELECT FROM information_schema.columns
               WHERE table_name = 'loop_b' AND column_name = 'id') THEN
        ALTER TABLE loop_b RENAME COLUMN id TO key;
    ELSE
        ALTER TABLE loop_b ADD COLUMN id integer;
    END IF;
    BEGIN
        ALTER TABLE loop_b ADD COLUMN key integer;
    EXCEPTION WHEN duplicate_column THEN NULL;
    END;
    IF to_regclass('loop_c') IS NULL THEN
        RETURN;
    END IF;
    ALTER TABLE loop_c ADD COLUMN never integer;
END $$;
-- next
CREATE PROCEDURE tidy() LANGUAGE sql BEGIN ATOMIC DELETE FROM loop_a; END;
CREATE OR REPLACE FUNCTION rebuild() RETURNS void LANGUAGE sql AS $$
    ALTER TABLE loop_a ADD COLUMN rebuilt boolean NOT NULL DEFAULT false;
$$;
CALL tidy();
SELECT rebuild();
