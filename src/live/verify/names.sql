-- The names of all relations, those of extensions too, with what they lead to.
SELECT row_to_json(q) FROM (
  SELECT 'relation' AS "is", c.oid::int8 AS id, n.nspname AS schema, c.relname AS name,
    CASE WHEN c.relkind IN ('i', 'I') THEN
      (SELECT i.indrelid::int8 FROM pg_index i WHERE i.indexrelid = c.oid) END AS index_of
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S'/* indexes */) AND c.relpersistence <> 't'
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  ORDER BY c.oid) q;

-- The names of all schemas.
SELECT row_to_json(q) FROM (
  SELECT 'namespace' AS "is", n.nspname AS name FROM pg_namespace n ORDER BY n.nspname) q;

-- What a view or a rule reads and writes.
SELECT row_to_json(q) FROM (
  SELECT DISTINCT 'leads' AS "is", r.ev_class::int8 AS "from", d.refobjid::int8 AS "to"
  FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
  JOIN pg_class c ON c.oid = r.ev_class
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  ORDER BY 2, 3) q;

-- The routines that run with the rights of their owner.
SELECT row_to_json(q) FROM (
  SELECT 'definer' AS "is", p.oid::int8 AS id
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE p.prosecdef AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  ORDER BY p.oid) q;

-- The views that read with the rights of whoever asks them (PostgreSQL 15), and the columns that they
-- read; 0 stands for a relation of which no column is named.
SELECT row_to_json(q) FROM (
  SELECT 'invoker' AS "is", c.oid::int8 AS id,
    (SELECT json_agg(DISTINCT jsonb_build_array(d.refobjid::int8, d.refobjsubid))
      FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
      WHERE r.ev_class = c.oid AND r.rulename = '_RETURN') AS reads
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'v' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND EXISTS (SELECT FROM pg_options_to_table(c.reloptions) o
      WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)
  ORDER BY c.oid) q;

-- Bodies can name any table. Of one that is not kept as text the server knows what it names; to ask
-- for its text would lock all that.
SELECT row_to_json(q) FROM (
  SELECT 'body' AS "is", p.prosrc AS body,
    CASE WHEN p.prosrc = '' THEN (SELECT json_agg(DISTINCT c.relname)
      FROM pg_depend d JOIN pg_class c ON c.oid = d.refobjid
      WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
        AND d.refclassid = 'pg_class'::regclass) END AS names
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_language l ON l.oid = p.prolang
  WHERE l.lanname IN ('sql', 'plpgsql')
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
      AND d.objid = p.oid AND d.deptype = 'e')
  ORDER BY p.oid) q;
