-- case: success: what tools ask the catalogs
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- migration
ALTER TABLE t DROP COLUMN a;
-- query
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND a.attnum > 0 AND NOT a.attisdropped
-- query
SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position
-- query
SELECT pid, query, state FROM pg_stat_activity WHERE datname = current_database()
-- query
SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = 'public' AND tablename = 't'
-- query
SELECT pg_try_advisory_lock($1), pg_total_relation_size($2::regclass), obj_description($3::oid, 'pg_class'), version(), current_setting('server_version')
-- query
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'

-- case: failure: a table is named as regclass
-- before
CREATE TABLE t (id int PRIMARY KEY);
-- migration
ALTER TABLE t RENAME TO u;
-- query
SELECT attname FROM pg_attribute WHERE attrelid = 't'::regclass
-- query
SELECT pg_relation_size('public.t'::regclass)
-- query
SELECT conname FROM pg_constraint WHERE conrelid = 't'::regclass AND contype = 'p'

-- case: trap: a table is named in a plain string (works)
-- before
CREATE TABLE t (id int PRIMARY KEY);
-- migration
DROP TABLE t;
-- query
SELECT column_name FROM information_schema.columns WHERE table_name = 't'
-- query
SELECT to_regclass('t') IS NOT NULL

-- case: trap: a table of one's own in the place of a system view needs its schema (fails: 42P01)
-- before
CREATE TABLE public.pg_views (mine text);
-- migration
DROP TABLE public.pg_views;
-- query
SELECT mine FROM public.pg_views

-- case: trap: the system view is not touched by a table of its name (works)
-- before
CREATE TABLE public.pg_views (mine text);
-- migration
DROP TABLE public.pg_views;
-- query
SELECT viewname, definition FROM pg_views

-- case: trap: the catalogs have an information_schema but it is not on the path (works)
-- before
CREATE TABLE tables (id int PRIMARY KEY, seats int, old int);
-- migration
ALTER TABLE tables DROP COLUMN old;
-- query
SELECT seats FROM tables
-- query
SELECT table_name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')

-- case: failure: a type, a function and a role are named as reg types
-- before
CREATE TYPE mood AS ENUM ('sad');
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;
-- migration
DROP TYPE mood;
DROP FUNCTION f(int);
-- query
SELECT 'mood'::regtype
-- query
SELECT 'f'::regproc
-- query
SELECT 'f(int)'::regprocedure
-- query
SELECT enumlabel FROM pg_enum WHERE enumtypid = 'mood'::regtype
