-- What the role may not do of all that the queries do. :wanted is a list of objects: the relation,
-- routine or type by its number, the column by its place (0 where any will do), the privilege; :role is whose.
-- Both are given in hexadecimal, so that nothing in them is read as SQL.
WITH given AS (
  SELECT convert_from(decode(':wanted', 'hex'), 'utf8')::jsonb AS wanted,
    coalesce(nullif(convert_from(decode(':role', 'hex'), 'utf8'), ''), current_user::text) AS role
), named AS (
  SELECT g.role, (SELECT r.oid FROM pg_roles r WHERE r.rolname = g.role) AS id FROM given g
), wanted AS (
  SELECT n.id AS role, w.kind, w.relation, w."column", w.privilege
  FROM named n, given g, jsonb_to_recordset(g.wanted)
    AS w (kind text, relation int8, "column" int2, privilege text)
  WHERE n.id IS NOT NULL
), relations AS (
  SELECT DISTINCT w.role, w.relation, w.privilege, c.relname, c.relnamespace, c.relkind, c.relowner,
    c.relrowsecurity, c.relforcerowsecurity
  FROM wanted w JOIN pg_class c ON c.oid = w.relation::oid WHERE w.kind = 'relation'
)
SELECT row_to_json(q) FROM (
  SELECT 'role' AS "is", n.role AS name FROM named n WHERE n.id IS NULL) q
UNION ALL
SELECT row_to_json(q) FROM (
  SELECT 'denied' AS "is", w.kind, w.relation, w."column", w.privilege FROM wanted w
  WHERE CASE
    WHEN w.kind IN ('default', 'type') THEN false
    WHEN w.kind = 'routine' THEN NOT has_function_privilege(w.role, w.relation::oid, 'EXECUTE')
    WHEN w.kind = 'sequence' THEN NOT (has_sequence_privilege(w.role, w.relation::oid, 'USAGE')
      OR has_sequence_privilege(w.role, w.relation::oid, 'UPDATE'))
    WHEN w.privilege IN ('DELETE', 'TRUNCATE') THEN
      NOT has_table_privilege(w.role, w.relation::oid, w.privilege)
    WHEN w."column" = 0 THEN NOT has_any_column_privilege(w.role, w.relation::oid, w.privilege)
    ELSE NOT has_column_privilege(w.role, w.relation::oid, w."column", w.privilege) END) q
UNION ALL
SELECT row_to_json(q) FROM (
  SELECT DISTINCT 'schema' AS "is", n.nspname AS name, o.relation
  FROM (SELECT w.role, w.relation, c.relnamespace AS schema
    FROM wanted w JOIN pg_class c ON c.oid = w.relation::oid WHERE w.kind IN ('relation', 'sequence')
    UNION SELECT w.role, w.relation, p.pronamespace
    FROM wanted w JOIN pg_proc p ON p.oid = w.relation::oid WHERE w.kind = 'routine'
    UNION SELECT w.role, w.relation, t.typnamespace
    FROM wanted w JOIN pg_type t ON t.oid = w.relation::oid WHERE w.kind = 'type') o
  JOIN pg_namespace n ON n.oid = o.schema
  WHERE NOT has_schema_privilege(o.role, n.oid, 'USAGE')) q
UNION ALL
-- A serial column takes its value from a sequence that the writer must be allowed to use.
SELECT row_to_json(q) FROM (
  SELECT DISTINCT 'serial' AS "is", w.relation, w."column", s.relname AS name
  FROM wanted w
  JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
    AND d.refobjid = w.relation::oid AND d.refobjsubid = w."column" AND d.deptype = 'a'
  JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
  WHERE w.kind = 'default' AND NOT (has_sequence_privilege(w.role, s.oid, 'USAGE')
    OR has_sequence_privilege(w.role, s.oid, 'UPDATE'))) q
UNION ALL
-- Row-level security that applies to the role, and no policy that admits anything.
SELECT row_to_json(q) FROM (
  SELECT 'unadmitted' AS "is", r.relation, r.privilege FROM relations r
  JOIN pg_roles o ON o.oid = r.role
  WHERE r.relrowsecurity AND NOT o.rolsuper AND NOT o.rolbypassrls
    AND (r.relforcerowsecurity OR NOT pg_has_role(r.role, r.relowner, 'USAGE'))
    AND r.privilege IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = r.relation::oid AND p.polpermissive
      AND p.polcmd IN ('*', CASE r.privilege WHEN 'SELECT' THEN 'r' WHEN 'INSERT' THEN 'a'
        WHEN 'UPDATE' THEN 'w' ELSE 'd' END::"char")
      AND (0 = ANY (p.polroles)
        OR EXISTS (SELECT FROM unnest(p.polroles) m (id) WHERE pg_has_role(r.role, m.id, 'USAGE'))))) q;
