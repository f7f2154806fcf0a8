-- Sizes and activity of the tables of one database, for `migcheck stats`.
--
-- It reads and writes nothing, needs no right on any table, and looks at no row of them: sizes are
-- those of files, numbers of rows are the server's estimates, activity is what it counts anyhow.
-- Any PostgreSQL from 12 on answers it. Each row of the answer is one JSON object; migcheck reads
-- them from a file, one on each line:
--
--   psql --no-psqlrc --quiet --tuples-only --no-align --file=this.sql > rows.json
--   migcheck stats --from rows.json
--
-- The names of schemas and tables are all that it tells about what is in them.
WITH tables AS (
  SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpages, c.reltuples,
    (SELECT i.inhparent FROM pg_catalog.pg_inherits i
      WHERE c.relispartition AND i.inhrelid = c.oid LIMIT 1) AS parent
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    -- What belongs to an extension is changed by no migration.
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
        AND d.deptype = 'e')
)
SELECT pg_catalog.json_build_object(
  'is', 'counters',
  'server', pg_catalog.current_setting('server_version_num')::int4,
  -- Where the counters were never set back they have run since the server was set up.
  'since', pg_catalog.floor(extract(epoch FROM coalesce(d.stats_reset,
    least(b.stats_reset, a.stats_reset))))::int8,
  'now', pg_catalog.floor(extract(epoch FROM pg_catalog.now()))::int8)::text AS line
FROM pg_catalog.pg_stat_database d, pg_catalog.pg_stat_bgwriter b, pg_catalog.pg_stat_archiver a
WHERE d.datname = pg_catalog.current_database()
UNION ALL
SELECT pg_catalog.json_build_object(
  'is', 'table',
  'schema', t.nspname,
  'name', t.relname,
  'partitioned', t.relkind = 'p',
  'parent', (SELECT pg_catalog.json_build_array(p.nspname, p.relname) FROM tables p
    WHERE p.oid = t.parent),
  -- Negative, or zero before version 14, where it was never estimated.
  'estimated_rows', CASE WHEN t.reltuples >= 0 AND (t.reltuples > 0 OR t.relpages > 0)
    THEN least(t.reltuples, 1e18)::int8 END,
  'live_rows', s.n_live_tup,
  'heap_bytes', pg_catalog.pg_relation_size(t.oid),
  'index_bytes', pg_catalog.pg_indexes_size(t.oid),
  'total_bytes', pg_catalog.pg_total_relation_size(t.oid),
  'reads', coalesce(s.seq_scan, 0) + coalesce(s.idx_scan, 0),
  'inserts', s.n_tup_ins,
  'updates', s.n_tup_upd,
  'deletes', s.n_tup_del)::text
FROM tables t
LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = t.oid
