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
-- next
CREATE TABLE checks (
  a integer CHECK (a IN (1, 2, 3)),
  b text CHECK (b NOT IN ('x', 'y')) CHECK (b LIKE 'a%' OR b ILIKE '%b' OR b NOT LIKE 'c_'),
  c varchar(20) CHECK (c IN ('new', 'old')) DEFAULT 'new',
  d numeric(10, 2) CHECK (d BETWEEN 0 AND 100) DEFAULT 0,
  e date CHECK (e > '2000-01-01' AND e < DATE '2100-01-01') DEFAULT CURRENT_DATE,
  f timestamp DEFAULT (now() AT TIME ZONE 'utc'),
  g timestamptz DEFAULT CURRENT_TIMESTAMP CHECK (g > '2000-01-01 00:00:00+00'),
  h jsonb DEFAULT '{}' CHECK (jsonb_typeof(h) = 'object' AND h ->> 'x' <> ''),
  i text[] DEFAULT ARRAY[]::text[] CHECK (array_length(i, 1) < 5 AND i[1] <> 'z'),
  j interval DEFAULT '1 day' CHECK (j > interval '0'),
  k boolean DEFAULT false NOT NULL CHECK (k OR NOT k),
  l bigint DEFAULT -1 CHECK (l != -2),
  m double precision DEFAULT 0.5 CHECK (m * 2 + 1 > 0),
  n uuid DEFAULT gen_random_uuid(),
  o text DEFAULT current_user CHECK (coalesce(o, '') <> '' AND nullif(o, 'x') IS NOT NULL),
  p char(3) DEFAULT 'abc' CHECK (p ~ '^[a-z]+$'),
  q integer CHECK (CASE WHEN a = 1 THEN q > 0 ELSE q < 0 END),
  r date CHECK (extract(year FROM r) > 2000 AND date_part('month', r) < 13),
  s text CHECK (s IS DISTINCT FROM 'x' AND s IS NOT NULL) COLLATE "C",
  t text CHECK (length(trim(t)) > 0 AND substring(t FROM 1 FOR 1) <> ' ' AND position('x' in t) = 0),
  u integer CHECK ((u > 0) IS TRUE),
  v integer DEFAULT (1 + 2) * 3,
  w text DEFAULT 'a' || 'b',
  x text DEFAULT 'it''s',
  y text DEFAULT E'a\tb',
  z smallint DEFAULT '7',
  CHECK (a > 0 AND (q < 10 OR v >= 3) AND NOT (z = 9)),
  CONSTRAINT two_columns CHECK (num_nonnulls(a, q) = 1 OR (a, q) = (1, 2))
);
ALTER TABLE checks ALTER z SET DEFAULT 8, ALTER v DROP DEFAULT, ALTER w SET DEFAULT NULL;
ALTER TABLE checks RENAME a TO renamed;
ALTER TABLE checks DROP CONSTRAINT two_columns;
ALTER TABLE checks ADD CONSTRAINT only_here CHECK (z < 100) NO INHERIT;
-- next
CREATE SCHEMA keys;
SET search_path = keys;
CREATE TABLE p (a integer, b integer, c text, PRIMARY KEY (a, b), UNIQUE (b) INCLUDE (c),
  CONSTRAINT by_c UNIQUE NULLS NOT DISTINCT (c) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE f (
  id serial PRIMARY KEY,
  a integer, b integer, d integer,
  FOREIGN KEY (a, b) REFERENCES p MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL,
  CONSTRAINT set_one FOREIGN KEY (a, b) REFERENCES p (a, b) ON DELETE SET NULL (b),
  FOREIGN KEY (d) REFERENCES p (b) ON DELETE RESTRICT ON UPDATE SET DEFAULT DEFERRABLE,
  EXCLUDE USING gist (int4range(a, b) WITH &&) WHERE (d > 0)
);
ALTER TABLE f ALTER CONSTRAINT f_d_fkey DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE f ADD CONSTRAINT self FOREIGN KEY (d) REFERENCES f (id) NOT VALID;
ALTER TABLE p RENAME TO parent;
ALTER TABLE parent RENAME COLUMN b TO bb;
CREATE INDEX ON f (a DESC, b NULLS FIRST, d DESC NULLS LAST);
CREATE INDEX by_class ON parent (c text_pattern_ops, lower(c) COLLATE "C");
CREATE INDEX by_hash ON parent USING hash (c);
CREATE INDEX by_gin ON parent USING gin (to_tsvector('english', c));
CREATE INDEX by_brin ON parent USING brin (a) WHERE bb IS NOT NULL AND c = 'x';
CREATE UNIQUE INDEX one ON parent ((c IS NULL)) WHERE c IS NULL;
CREATE UNIQUE INDEX nulls ON parent (a, c) NULLS NOT DISTINCT;
RESET search_path;
-- next
ALTER TABLE keys.f ADD CONSTRAINT f_pick UNIQUE (d);
ALTER INDEX keys.by_hash RENAME TO hashed;
ALTER TABLE keys.f RENAME CONSTRAINT self TO itself;
ALTER TABLE keys.f VALIDATE CONSTRAINT itself;
ALTER TABLE keys.f DROP CONSTRAINT set_one;
ALTER TABLE keys.f DROP COLUMN b CASCADE;
ALTER TABLE keys.parent DROP CONSTRAINT by_c;
ALTER TABLE keys.f ADD COLUMN e text;
ALTER TABLE keys.f ALTER COLUMN e TYPE varchar(30) COLLATE "C";
DROP INDEX keys.one, keys.nulls;
-- next
CREATE SEQUENCE plain;
CREATE SEQUENCE down AS integer INCREMENT BY -2 MAXVALUE 100 MINVALUE -100 START 50 CACHE 5 CYCLE;
CREATE SEQUENCE small AS smallint;
ALTER SEQUENCE small AS integer;
ALTER SEQUENCE plain INCREMENT 10 MINVALUE 10 START WITH 20 NO CYCLE RESTART;
CREATE TABLE counted (
  a integer GENERATED BY DEFAULT AS IDENTITY (START WITH 100 INCREMENT BY 10),
  b smallint GENERATED ALWAYS AS IDENTITY,
  c bigint DEFAULT nextval('plain'),
  d serial,
  e integer
);
ALTER TABLE counted ALTER a SET GENERATED ALWAYS SET INCREMENT BY 5 SET MAXVALUE 1000;
ALTER TABLE counted ALTER b TYPE bigint;
ALTER TABLE counted ALTER e SET NOT NULL, ALTER e ADD GENERATED ALWAYS AS IDENTITY (CACHE 3);
ALTER SEQUENCE plain OWNED BY counted.c;
ALTER SEQUENCE plain RENAME TO renamed_plain;
ALTER SEQUENCE counted_d_seq RENAME TO renamed_d;
ALTER TABLE counted RENAME TO tallied;
-- next
ALTER SEQUENCE renamed_plain OWNED BY NONE;
ALTER TABLE tallied DROP COLUMN d;
ALTER TABLE tallied ALTER e DROP IDENTITY;
DROP TABLE tallied;
DROP SEQUENCE down;
-- next
CREATE TYPE color AS ENUM ('red', 'green', 'blue');
CREATE TYPE pair AS (x integer, y text, z color[]);
CREATE DOMAIN positive AS integer DEFAULT 1 NOT NULL CHECK (VALUE > 0) CONSTRAINT small CHECK (VALUE < 1000);
CREATE DOMAIN positives AS positive[];
CREATE DOMAIN mail AS varchar(200) CHECK (VALUE ~ '^[^@]+@[^@]+$' OR VALUE = '');
CREATE TYPE floatrange AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE point3 AS (x integer, y integer);
CREATE TABLE typed (
  a color DEFAULT 'red' CHECK (a IN ('red', 'green')),
  b point3,
  c positive,
  d mail[],
  e floatrange,
  f color[] DEFAULT '{red}',
  g int4range, h tstzrange, i inet, j cidr, k macaddr, l bit(3), m bit varying(5), n bytea,
  o money, p point, q xml, r json, s tsvector, t tsquery, u time, v timetz(3), w timestamp(0),
  x interval(3), y numeric, z "char", aa name, bb oid, cc regclass, dd real, ee char, ff bpchar,
  gg character varying, hh numeric(5), ii numeric(7, 3)
);
ALTER TYPE color ADD VALUE 'violet' AFTER 'red';
ALTER TYPE color RENAME VALUE 'blue' TO 'navy';
ALTER TYPE pair ADD ATTRIBUTE w positive, ALTER ATTRIBUTE y TYPE varchar(9), DROP ATTRIBUTE x;
ALTER TYPE pair RENAME ATTRIBUTE z TO zz;
ALTER DOMAIN positive DROP CONSTRAINT small;
ALTER DOMAIN positive ADD CONSTRAINT bounded CHECK (VALUE < 9) NOT VALID;
ALTER DOMAIN positive VALIDATE CONSTRAINT bounded;
ALTER DOMAIN positive RENAME CONSTRAINT bounded TO bound;
ALTER DOMAIN positive SET DEFAULT 2;
-- next
ALTER DOMAIN positive DROP NOT NULL;
ALTER DOMAIN positive SET DEFAULT 3;
ALTER TYPE color RENAME TO hue;
CREATE SCHEMA kinds;
ALTER TYPE hue SET SCHEMA kinds;
ALTER DOMAIN mail SET SCHEMA kinds;
ALTER TYPE pair RENAME TO couple;
ALTER TABLE typed DROP CONSTRAINT typed_a_check, ALTER a DROP DEFAULT;
ALTER TABLE typed ALTER a TYPE text USING a::text, ALTER f DROP DEFAULT;
DROP TYPE floatrange CASCADE;
-- next
CREATE TABLE base (id integer PRIMARY KEY, a text NOT NULL DEFAULT 'x', b integer, c date);
CREATE VIEW plain_view AS SELECT id, a FROM base;
CREATE VIEW renamed_view (one, two) AS SELECT id, upper(a) FROM base WHERE b > 0;
CREATE VIEW star_view AS SELECT * FROM base;
CREATE VIEW on_view AS SELECT v.one, b.c AS day FROM renamed_view v JOIN base b ON b.id = v.one;
CREATE MATERIALIZED VIEW stored AS SELECT b, count(*) AS n FROM base GROUP BY b;
CREATE UNIQUE INDEX ON stored (b);
CREATE OR REPLACE VIEW plain_view AS SELECT id, a, c FROM base;
ALTER TABLE base ADD COLUMN d integer;
ALTER TABLE base RENAME COLUMN a TO title;
ALTER VIEW on_view RENAME TO top_view;
ALTER VIEW renamed_view RENAME COLUMN two TO second;
ALTER MATERIALIZED VIEW stored RENAME TO kept;
ALTER TABLE base RENAME TO ground;
CREATE TABLE copied AS SELECT * FROM ground;
CREATE TABLE copied_too AS TABLE ground;
CREATE TABLE none_copied AS SELECT * FROM ground WITH NO DATA;
-- next
DROP VIEW renamed_view CASCADE;
ALTER TABLE ground DROP COLUMN b CASCADE;
ALTER VIEW plain_view SET SCHEMA kinds;
-- next
CREATE TABLE measured (at date NOT NULL, place integer NOT NULL, v integer CHECK (v > 0), n text DEFAULT 'n')
  PARTITION BY RANGE (at);
CREATE INDEX ON measured (place);
CREATE TABLE measured_1 PARTITION OF measured FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE measured_2 PARTITION OF measured (v DEFAULT 5) FOR VALUES FROM ('2024-02-01') TO (MAXVALUE);
CREATE TABLE measured_0 (LIKE measured INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
ALTER TABLE measured ATTACH PARTITION measured_0 FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
ALTER TABLE measured ADD PRIMARY KEY (at, place);
ALTER TABLE measured ADD COLUMN extra integer DEFAULT 1;
CREATE INDEX by_extra ON measured (extra);
ALTER TABLE measured ADD CONSTRAINT limited CHECK (extra < 100);
CREATE TABLE listed (k text, v integer) PARTITION BY LIST (lower(k));
CREATE TABLE listed_a PARTITION OF listed FOR VALUES IN ('a', 'b', NULL);
CREATE TABLE listed_rest PARTITION OF listed DEFAULT;
CREATE TABLE hashed (k integer, v integer) PARTITION BY HASH (k, v);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1) PARTITION BY RANGE (v);
CREATE TABLE hashed_1_all PARTITION OF hashed_1 DEFAULT;
-- next
ALTER TABLE measured RENAME COLUMN v TO value;
ALTER TABLE measured DETACH PARTITION measured_1;
ALTER TABLE measured DROP COLUMN n;
ALTER TABLE measured ALTER value SET NOT NULL, ALTER extra DROP DEFAULT;
ALTER TABLE measured DROP CONSTRAINT limited;
DROP INDEX by_extra;
DROP TABLE hashed;
-- next
CREATE TABLE mother (a integer NOT NULL, b text DEFAULT 'b', CHECK (a > 0), CHECK (b <> '') NO INHERIT);
CREATE TABLE daughter (c integer) INHERITS (mother);
CREATE TABLE son (a integer, b text, c integer, CONSTRAINT mother_a_check CHECK (a > 0));
ALTER TABLE son ALTER a SET NOT NULL;
ALTER TABLE son INHERIT mother;
ALTER TABLE mother ADD COLUMN d date DEFAULT '2024-01-01';
ALTER TABLE mother ALTER b SET DEFAULT 'bb';
ALTER TABLE ONLY mother ALTER b SET DEFAULT 'only';
ALTER TABLE mother RENAME COLUMN a TO aa;
ALTER TABLE mother ADD CONSTRAINT late CHECK (d > '2000-01-01');
ALTER TABLE son NO INHERIT mother;
ALTER TABLE mother DROP COLUMN b;
CREATE UNLOGGED TABLE quick (a integer);
ALTER TABLE quick SET LOGGED;
CREATE UNLOGGED TABLE quicker (a integer);
-- next
CREATE FUNCTION add(a integer, b integer DEFAULT 2) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE FUNCTION add(a text, b text, c text) RETURNS text LANGUAGE sql RETURN a || b || c;
CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.at := now();
  RETURN NEW;
END $$;
CREATE FUNCTION many(VARIADIC xs integer[]) RETURNS SETOF integer LANGUAGE sql AS $$ SELECT unnest(xs) $$;
CREATE FUNCTION outs(IN a integer, OUT b integer, OUT c text) LANGUAGE sql AS $$ SELECT a, 'x' $$;
CREATE FUNCTION rows_of(n integer) RETURNS TABLE (id integer, title text) LANGUAGE sql
  AS $$ SELECT id, title FROM ground LIMIT n $$;
CREATE FUNCTION whole() RETURNS SETOF ground STABLE LANGUAGE sql AS $$ SELECT * FROM ground $$;
CREATE PROCEDURE work(a integer, INOUT b integer) LANGUAGE plpgsql AS $$ BEGIN b := a; END $$;
CREATE AGGREGATE total(integer) (sfunc = int4pl, stype = integer, initcond = '0');
CREATE TABLE events (id integer, at timestamptz, kind text, n integer DEFAULT add(1));
CREATE TRIGGER touched BEFORE INSERT OR UPDATE OF kind, n ON events FOR EACH ROW
  WHEN (NEW.kind IS NOT NULL) EXECUTE FUNCTION touch();
CREATE TRIGGER told AFTER DELETE OR TRUNCATE ON events EXECUTE PROCEDURE touch('a', 1, b);
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER seen AFTER UPDATE ON events REFERENCING NEW TABLE AS fresh OLD TABLE AS stale
  FOR EACH STATEMENT EXECUTE FUNCTION touch();
ALTER TABLE events DISABLE TRIGGER told;
ALTER TRIGGER touched ON events RENAME TO touched_first;
ALTER FUNCTION touch() RENAME TO touch_it;
ALTER FUNCTION add(integer, integer) RENAME TO plus;
ALTER FUNCTION many(integer[]) SET SCHEMA kinds;
-- next
ALTER TABLE events RENAME COLUMN kind TO sort;
DROP FUNCTION add(text, text, text), outs;
DROP TRIGGER told ON events;
DROP FUNCTION touch_it CASCADE;
DROP PROCEDURE work;
DROP AGGREGATE total(integer);
CREATE OR REPLACE FUNCTION whole() RETURNS SETOF ground STABLE LANGUAGE sql AS $$ SELECT * FROM ground LIMIT 1 $$;
-- next
CREATE TABLE secret (id integer, owner name DEFAULT current_user, level integer);
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE secret FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON secret USING (owner = current_user) WITH CHECK (level < 5 AND owner = current_user);
CREATE POLICY low ON secret AS RESTRICTIVE FOR SELECT TO PUBLIC USING (level <= current_setting('app.level')::int);
CREATE POLICY ins ON secret FOR INSERT WITH CHECK (true);
ALTER POLICY own ON secret USING (level > 0);
ALTER POLICY ins ON secret RENAME TO inserts;
ALTER TABLE secret RENAME COLUMN level TO rank;
ALTER TABLE secret NO FORCE ROW LEVEL SECURITY;
-- next
DROP POLICY low ON secret;
ALTER TABLE secret DISABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON secret TO PUBLIC;
GRANT UPDATE (rank), SELECT (id) ON secret TO PUBLIC;
GRANT USAGE ON SCHEMA kinds TO PUBLIC;
GRANT USAGE, SELECT ON SEQUENCE small TO PUBLIC;
REVOKE INSERT ON secret FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION plus(integer, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION whole() FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA kinds TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA kinds TO PUBLIC;
-- next
CREATE TABLE "Mixed Case" ("Id" integer PRIMARY KEY, "select" text, "it's" integer DEFAULT 1 CHECK ("it's" > 0));
CREATE INDEX ON "Mixed Case" ("select");
ALTER TABLE "Mixed Case" RENAME COLUMN "Id" TO "ID";
CREATE TABLE "длинное_имя_таблицы_на_русском" ("колонка_с_длинным_именем" integer UNIQUE, b serial);
CREATE TABLE a_table_whose_name_is_exactly_sixty_three_bytes_long_as_it_is63 (
  a_column_name_that_is_rather_long_too integer CHECK (a_column_name_that_is_rather_long_too > 0) UNIQUE,
  another_column_name_that_is_rather_long integer REFERENCES "Mixed Case"
);
CREATE INDEX ON a_table_whose_name_is_exactly_sixty_three_bytes_long_as_it_is63 (a_column_name_that_is_rather_long_too, another_column_name_that_is_rather_long);
CREATE SCHEMA one;
CREATE TABLE one.inner_table (a integer PRIMARY KEY);
CREATE VIEW one.inner_view AS SELECT a FROM one.inner_table;
ALTER TABLE measured_2 RENAME TO measured_two;
CREATE TABLE measured_2 (place integer PRIMARY KEY, v integer CHECK (v > 0) UNIQUE);
ALTER SCHEMA one RENAME TO two;
-- next
DROP SCHEMA two CASCADE;
DROP SCHEMA kinds CASCADE;
DROP TABLE "Mixed Case" CASCADE;
CREATE TABLE IF NOT EXISTS secret (x integer);
ALTER TABLE IF EXISTS nothing ADD COLUMN a integer;
DROP TABLE IF EXISTS nothing, secret;
-- next
-- A helper that asks the catalog which policies there are.
CREATE TABLE guarded (a integer);
CREATE POLICY one ON guarded USING (true);
CREATE POLICY "Two" ON guarded FOR SELECT USING (a > 0);
CREATE TABLE other_guarded (a integer);
CREATE POLICY kept ON other_guarded USING (true);
CREATE FUNCTION drop_policies(tbl text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE rec record;
BEGIN
    FOR rec IN (
        SELECT policyname FROM pg_policies
        WHERE schemaname = split_part(tbl, '.', 1) AND tablename = split_part(tbl, '.', 2)
    ) LOOP
        EXECUTE 'DROP POLICY "' || rec.policyname || '" ON ' || tbl;
    END LOOP;
END $$;
SELECT drop_policies('public.guarded');
-- next
CREATE TABLE again (a integer PRIMARY KEY, b integer REFERENCES again CHECK (b > 0), CHECK (a > 0) NOT VALID);
ALTER TABLE again ADD COLUMN IF NOT EXISTS b integer UNIQUE REFERENCES again CHECK (b < 9),
  ADD COLUMN IF NOT EXISTS c integer UNIQUE CHECK (c > 0);
CREATE TABLE amid (x integer, LIKE again INCLUDING ALL, y integer);
CREATE TABLE elder (a integer, b integer);
CREATE TABLE younger (c integer) INHERITS (elder);
ALTER TABLE elder ADD PRIMARY KEY (a);
ALTER TABLE elder ADD CONSTRAINT own CHECK (b > 0) NO INHERIT;
ALTER TABLE elder ADD CONSTRAINT late CHECK (b > 1) NOT VALID;
ALTER TABLE elder VALIDATE CONSTRAINT late;
CREATE TABLE youngest () INHERITS (younger);
CREATE TABLE owners (id integer PRIMARY KEY);
CREATE TABLE owned (id integer, owner integer REFERENCES owners, n integer) PARTITION BY RANGE (id);
CREATE TABLE owned_1 PARTITION OF owned FOR VALUES FROM (1) TO (10);
CREATE TABLE owned_2 (id integer NOT NULL, owner integer, n integer);
CREATE INDEX mine ON owned_2 (n);
ALTER TABLE owned_2 ADD CONSTRAINT my_key UNIQUE (id, owner);
ALTER TABLE owned ADD FOREIGN KEY (n) REFERENCES owners ON DELETE CASCADE;
CREATE INDEX ON owned (n);
ALTER TABLE owned ADD UNIQUE (id, owner);
ALTER TABLE owned ATTACH PARTITION owned_2 FOR VALUES FROM (10) TO (20);
CREATE INDEX alone ON ONLY owned (owner);
CREATE INDEX owned_1_owner ON owned_1 (owner);
ALTER INDEX alone ATTACH PARTITION owned_1_owner;
-- next
DROP INDEX owned_n_idx;
ALTER TABLE owned DROP CONSTRAINT owned_n_fkey;
ALTER TABLE owned DETACH PARTITION owned_2;
ALTER TABLE owned DROP CONSTRAINT owned_id_owner_key;
DROP TABLE owned_1;
-- next
-- A helper whose last argument is left to its default.
CREATE FUNCTION add_stamps(tbl text, col text DEFAULT 'made_at') RETURNS void LANGUAGE plpgsql AS $$
DECLARE statement text;
BEGIN
    statement := concat('ALTER TABLE ', tbl, ' ADD COLUMN ', col, ' timestamptz');
    EXECUTE statement;
END $$;
CREATE TABLE stamped (a integer);
SELECT add_stamps('stamped');
SELECT add_stamps(tbl => 'stamped', col => 'changed_at');
-- next
CREATE TABLE dumped (a integer NOT NULL, b integer) PARTITION BY LIST (a);
CREATE TABLE dumped_1 (a integer NOT NULL, b integer);
ALTER TABLE ONLY dumped ATTACH PARTITION dumped_1 FOR VALUES IN (1);
ALTER TABLE ONLY dumped ADD CONSTRAINT dumped_pkey PRIMARY KEY (a);
ALTER TABLE ONLY dumped_1 ADD CONSTRAINT dumped_1_pkey PRIMARY KEY (a);
CREATE INDEX dumped_b ON ONLY dumped USING btree (b);
CREATE INDEX dumped_1_b ON dumped_1 USING btree (b);
ALTER INDEX dumped_pkey ATTACH PARTITION dumped_1_pkey;
ALTER INDEX dumped_b ATTACH PARTITION dumped_1_b;
-- next
CREATE TYPE shape AS (a integer, b text);
CREATE TABLE of_shape OF shape (a WITH OPTIONS PRIMARY KEY, b NOT NULL DEFAULT 'x');
CREATE TABLE of_shape_plain OF shape;
CREATE TABLE of_shape_parts OF shape PARTITION BY RANGE (a);
CREATE TABLE later_shaped (a integer, b text);
ALTER TABLE later_shaped OF shape;
-- next
ALTER TYPE shape ADD ATTRIBUTE c numeric(10, 2) CASCADE;
ALTER TYPE shape RENAME ATTRIBUTE a TO id CASCADE;
ALTER TYPE shape ALTER ATTRIBUTE c TYPE bigint CASCADE;
-- next
ALTER TABLE later_shaped NOT OF;
ALTER TYPE shape DROP ATTRIBUTE b CASCADE;
-- next
ALTER TABLE of_shape_plain ADD CONSTRAINT positive CHECK (c > 0);
DROP TYPE shape CASCADE;
-- next
CREATE SCHEMA in_one
    CREATE VIEW seen AS SELECT a, b FROM composed
    CREATE TABLE other (key text PRIMARY KEY)
    CREATE TABLE composed (a integer PRIMARY KEY, b text REFERENCES other, c serial)
    CREATE INDEX composed_b ON composed (b)
    CREATE SEQUENCE numbers
    GRANT SELECT, INSERT ON composed TO PUBLIC;
CREATE TABLE in_none (a integer);
-- next
CREATE TABLE ruled (a integer, b text);
CREATE TABLE ruled_log (a integer, at timestamptz DEFAULT now());
CREATE VIEW ruled_view AS SELECT a, b FROM ruled;
CREATE RULE log_it AS ON INSERT TO ruled DO ALSO INSERT INTO ruled_log (a) VALUES (NEW.a);
CREATE RULE keep AS ON DELETE TO ruled WHERE OLD.a > 10 DO INSTEAD NOTHING;
CREATE RULE write_it AS ON UPDATE TO ruled_view DO INSTEAD
    (UPDATE ruled SET b = NEW.b WHERE a = OLD.a; DELETE FROM ruled_log WHERE a = OLD.a);
-- next
CREATE OR REPLACE RULE keep AS ON DELETE TO ruled DO INSTEAD NOTHING;
ALTER RULE keep ON ruled RENAME TO keep_all;
ALTER TABLE ruled DISABLE RULE log_it;
DROP RULE IF EXISTS missing ON ruled;
-- next
DROP TABLE ruled_log CASCADE;
DROP RULE keep_all ON ruled;
CREATE OR REPLACE VIEW ruled_view AS SELECT a, b, a + 1 AS c FROM ruled;
-- next
CREATE TABLE prepared_for (a integer, b text);
PREPARE fill (integer) AS INSERT INTO prepared_for VALUES ($1);
EXECUTE fill(1);
DEALLOCATE fill;
-- next
CREATE TABLE policed (a integer, b text);
CREATE FUNCTION set_policy(policy text, tbl text, command text, condition text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    begins text;
BEGIN
    IF (SELECT true FROM pg_policies WHERE schemaname = 'public' AND tablename = tbl AND policyname = policy) THEN
        begins := 'ALTER POLICY ' || quote_ident(policy) || ' ON ' || quote_ident(tbl);
    ELSE
        begins := format('CREATE POLICY %I ON %I FOR %s', policy, tbl, command);
    END IF;
    CASE
        WHEN lower(command) IN ('select', 'delete') THEN
            EXECUTE begins || ' USING (' || condition || ')';
        WHEN lower(command) = 'insert' THEN
            EXECUTE begins || ' WITH CHECK (' || condition || ')';
        ELSE
            RAISE EXCEPTION 'unknown command';
    END CASE;
END $$;
CREATE FUNCTION give(privilege text, tbl text, grantee text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF lower(privilege) NOT IN ('select', 'insert') THEN
        RAISE EXCEPTION 'unknown privilege';
    ELSE
        EXECUTE format('GRANT %s ON %I TO %s', privilege, tbl, grantee);
    END IF;
END $$;
CREATE FUNCTION give(privilege text, tbl text, grantee text, names text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    column_name text;
BEGIN
    FOREACH column_name IN ARRAY names LOOP
        EXECUTE format('GRANT %s (%I) ON %I TO %s', privilege, column_name, tbl, grantee);
    END LOOP;
END $$;
-- next
DO $$
BEGIN
    PERFORM set_policy('seen', 'policed', 'select', 'a > 0');
    PERFORM set_policy('made', 'policed', 'insert', 'a > 1');
    PERFORM give('select', 'policed', 'PUBLIC');
    PERFORM give('insert', 'policed', 'PUBLIC', ARRAY['a', 'b']);
END $$;
-- next
SELECT set_policy('seen', 'policed', 'select', 'a > 2');
-- next
CREATE TABLE by_day (at date NOT NULL, a integer) PARTITION BY RANGE (at);
CREATE INDEX ON by_day (a);
CREATE FUNCTION make_day(parent text, day date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    today text;
    tomorrow text;
    made text;
BEGIN
    SELECT to_char(day, 'YYYYMMDD') INTO today;
    SELECT to_char(day + 1, 'YYYYMMDD') INTO tomorrow;
    SELECT lower(format('%s_%s', parent, today)) INTO made;
    IF EXISTS (SELECT 1 FROM pg_tables WHERE tablename = made) THEN
        RETURN 0;
    END IF;
    EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING INDEXES)', made, parent);
    EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = false)', made);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (''%s'') TO (''%s'')', parent, made, today, tomorrow);
    RETURN 1;
END $$;
SELECT make_day('by_day', CURRENT_DATE);
-- next
ALTER TABLE by_day ADD COLUMN b text;
ALTER TABLE by_day RENAME COLUMN at TO day;
SELECT make_day('by_day', CURRENT_DATE + 1);

-- next
-- What stands on a key goes with it, and can be made again under its name.
CREATE TABLE kinds (name text CONSTRAINT kinds_pkey PRIMARY KEY, code text UNIQUE, place integer UNIQUE);
CREATE TABLE things (
    kind text CONSTRAINT things_kind REFERENCES kinds, code text REFERENCES kinds (code), place integer REFERENCES kinds (place));
ALTER TABLE kinds RENAME CONSTRAINT kinds_pkey TO kinds_old;
CREATE UNIQUE INDEX kinds_pkey ON kinds (code, name);
ALTER TABLE kinds DROP CONSTRAINT kinds_old CASCADE;
ALTER TABLE kinds ADD PRIMARY KEY USING INDEX kinds_pkey;
ALTER TABLE things ADD CONSTRAINT things_kind FOREIGN KEY (code, kind) REFERENCES kinds (code, name);
ALTER TABLE kinds DROP CONSTRAINT kinds_place_key CASCADE;
