-- case: success: tests of what stays
-- before
CREATE TABLE t (id int PRIMARY KEY, a boolean, b text, old text);
-- migration
ALTER TABLE t DROP COLUMN old;
-- query
SELECT id FROM t WHERE a IS TRUE OR a IS NOT FALSE OR a IS UNKNOWN OR b IS NULL OR b IS NOT NULL OR b ISNULL OR NOT a
-- query
SELECT id FROM t WHERE b IS DISTINCT FROM $1 AND a IS NOT DISTINCT FROM NULL

-- case: failure: the tested column goes
-- before
CREATE TABLE t (id int PRIMARY KEY, deleted_at timestamptz, a boolean);
-- migration
ALTER TABLE t DROP COLUMN deleted_at, DROP COLUMN a;
-- query
SELECT id FROM t WHERE deleted_at IS NULL
-- query
SELECT id FROM t WHERE a IS NOT TRUE
-- query
SELECT id FROM t WHERE deleted_at IS DISTINCT FROM $1
-- query
SELECT (deleted_at IS NOT NULL) AS deleted FROM t

-- case: failure: the tested column is no boolean any more
-- before
CREATE TABLE t (id int PRIMARY KEY, a boolean);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE timestamptz USING CASE WHEN a THEN now() END;
-- query
SELECT id FROM t WHERE a IS TRUE
-- query
SELECT id FROM t WHERE a IS NOT FALSE
-- query
SELECT id FROM t WHERE a IS UNKNOWN
-- query
SELECT id FROM t WHERE NOT a
-- query
SELECT id FROM t WHERE a IS DISTINCT FROM true

-- case: trap: IS NULL takes any type (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a boolean);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE timestamptz USING CASE WHEN a THEN now() END;
-- query
SELECT id FROM t WHERE a IS NULL OR a IS NOT NULL

-- case: trap: json is tested for NULL but not for difference (fails: 42883)
-- before
CREATE TABLE t (id int PRIMARY KEY, a jsonb);
-- migration
ALTER TABLE t ALTER COLUMN a TYPE json;
-- query
SELECT id FROM t WHERE a IS DISTINCT FROM '{}'

-- case: trap: the tested column goes from the other table of the join (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, deleted_at timestamptz);
CREATE TABLE u (id int PRIMARY KEY, t_id int, removed_at timestamptz);
-- migration
ALTER TABLE u DROP COLUMN removed_at;
-- query
SELECT t.id FROM t LEFT JOIN u ON u.t_id = t.id WHERE deleted_at IS NULL AND u.id IS NULL
