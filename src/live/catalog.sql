-- Everything that the catalog of one database holds, in one read-only snapshot. Each row is one
-- JSON object, told apart by its key "is". Names are printed with their schema, since only
-- pg_catalog is searched. Servers of several majors answer it: a column that not all of them have
-- is read through to_jsonb, where it is null when it is missing. Where some relations are asked for,
-- "only" in a comment stands before what has to be one of them, "or" before what is taken anyway, and
-- "and" before what else has to be true.
SET LOCAL search_path = pg_catalog;
SET LOCAL quote_all_identifiers = off;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL extra_float_digits = 1;

SELECT row_to_json(q) FROM (
  SELECT 'schema' AS "is", n.nspname AS name,
    (SELECT json_agg(json_build_array(
        CASE WHEN a.grantee = 0 THEN 'public' ELSE pg_get_userbyid(a.grantee) END, a.privilege_type))
      FROM (SELECT x.grantee, x.privilege_type FROM aclexplode(n.nspacl) x
        WHERE x.grantee <> n.nspowner UNION ALL SELECT n.nspowner, 'OWNER') a) AS acl
  FROM pg_namespace n
  WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass
      AND d.objid = n.oid AND d.deptype = 'e')
  ORDER BY n.nspname) q;

SELECT row_to_json(q) FROM (
  SELECT 'extension' AS "is", e.extname AS name, n.nspname AS schema
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  WHERE e.extname <> 'plpgsql' ORDER BY e.extname) q;

SELECT row_to_json(q) FROM (
  SELECT 'relation' AS "is", c.oid::int8 AS id, n.nspname AS schema, c.relname AS name,
    c.relkind::text AS kind, c.relpersistence = 'u' AS unlogged,
    c.relrowsecurity AS row_security, c.relforcerowsecurity AS forced_security,
    CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END AS bound,
    CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_by,
    CASE WHEN c.relkind IN ('v', 'm') /* text c.oid */ THEN pg_get_viewdef(c.oid) END AS query,
    (SELECT json_agg(i.inhparent::int8 ORDER BY i.inhseqno) FROM pg_inherits i
      WHERE i.inhrelid = c.oid) AS parents,
    (SELECT json_agg(json_build_array(
        CASE WHEN a.grantee = 0 THEN 'public' ELSE pg_get_userbyid(a.grantee) END, a.privilege_type))
      FROM (SELECT x.grantee, x.privilege_type FROM aclexplode(c.relacl) x
        WHERE x.grantee <> c.relowner UNION ALL SELECT c.relowner, 'OWNER') a) AS acl
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'c') AND c.relpersistence <> 't'
    /* only c.oid or c.relkind = 'c' */
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
      AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY c.oid) q;

SELECT row_to_json(q) FROM (
  SELECT 'column' AS "is", a.attrelid::int8 AS relation, a.attnum::int8 AS number,
    a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null,
    pg_get_expr(d.adbin, d.adrelid) AS expression, a.attidentity::text AS identity,
    a.attgenerated::text AS generated,
    CASE WHEN a.attcollation <> t.typcollation THEN
      (SELECT json_build_array(cn.nspname, co.collname) FROM pg_collation co
        JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation)
    END AS collation,
    CASE WHEN a.attacl IS NOT NULL THEN (SELECT json_agg(json_build_array(
        CASE WHEN x.grantee = 0 THEN 'public' ELSE pg_get_userbyid(x.grantee) END, x.privilege_type))
      FROM aclexplode(a.attacl) x WHERE x.grantee <> c.relowner) END AS acl
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND c.relpersistence <> 't'
    /* only c.oid or c.relkind = 'c' */
    AND a.attnum > 0 AND NOT a.attisdropped
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  ORDER BY a.attrelid, a.attnum) q;

SELECT row_to_json(q) FROM (
  SELECT 'constraint' AS "is", c.conrelid::int8 AS relation, c.contypid::int8 AS type,
    c.conparentid::int8 AS parent,
    c.conname AS name, c.contype::text AS kind, c.convalidated AS valid,
    c.condeferrable AS deferrable, c.condeferred AS deferred, c.connoinherit AS no_inherit,
    coalesce((to_jsonb(c) ->> 'conenforced')::bool, true) AS enforced,
    c.confrelid::int8 AS referenced, c.confupdtype::text AS on_update,
    c.confdeltype::text AS on_delete, c.confmatchtype = 'f' AS match_full,
    CASE WHEN c.contype = 'c' THEN pg_get_expr(c.conbin, c.conrelid) END AS expression,
    CASE WHEN c.contype = 'x' THEN pg_get_constraintdef(c.oid) END AS definition,
    (SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k (at, n)
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.at) AS columns,
    (SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(c.confkey) WITH ORDINALITY k (at, n)
      JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.at) AS referenced_columns,
    (SELECT json_agg(a.attname ORDER BY k.n)
      FROM jsonb_array_elements_text(nullif(to_jsonb(c) -> 'confdelsetcols', 'null'))
        WITH ORDINALITY k (at, n)
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.at::int2) AS set_columns
  FROM pg_constraint c
  LEFT JOIN pg_class r ON r.oid = c.conrelid
  JOIN pg_namespace n ON n.oid = c.connamespace
  WHERE c.contype IN ('p', 'u', 'c', 'f', 'x') AND coalesce(r.relpersistence <> 't', true)
    /* only c.conrelid or c.conrelid = 0 */
    AND NOT EXISTS (SELECT FROM pg_constraint p
      WHERE p.oid = c.conparentid AND p.conrelid = c.conrelid)
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  ORDER BY c.oid) q;

SELECT row_to_json(q) FROM (
  SELECT 'index' AS "is", i.indexrelid::int8 AS id, i.indrelid::int8 AS relation, c.relname AS name,
    (SELECT h.inhparent::int8 FROM pg_inherits h WHERE h.inhrelid = i.indexrelid) AS parent,
    i.indisunique AS "unique", i.indisvalid AS valid, am.amname AS method,
    coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false) AS nulls_not_distinct,
    pg_get_expr(i.indpred, i.indrelid) AS predicate, i.indnkeyatts::int8 AS keys,
    (SELECT k.conname FROM pg_constraint k
      WHERE k.conrelid = i.indrelid AND k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
      LIMIT 1) AS "constraint",
    (SELECT json_agg(json_build_object(
        'column', CASE WHEN k.at <> 0 THEN a.attname END,
        'expression', CASE WHEN k.at = 0 THEN pg_get_indexdef(i.indexrelid, k.n::int, false) END,
        'class', CASE WHEN k.n <= i.indnkeyatts AND NOT o.opcdefault THEN o.opcname END,
        'collation', CASE WHEN k.n <= i.indnkeyatts AND i.indcollation[k.n - 1] <> 0
          AND i.indcollation[k.n - 1] NOT IN (ia.default_collation, 100) THEN
          (SELECT json_build_array(cn.nspname, co.collname) FROM pg_collation co
            JOIN pg_namespace cn ON cn.oid = co.collnamespace
            WHERE co.oid = i.indcollation[k.n - 1]) END,
        'options', CASE WHEN k.n <= i.indnkeyatts THEN i.indoption[k.n - 1]::int8 ELSE 0 END)
        ORDER BY k.n)
      FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (at, n)
      LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.at AND k.at <> 0
      LEFT JOIN pg_opclass o ON k.n <= i.indnkeyatts AND o.oid = i.indclass[k.n - 1]
      LEFT JOIN LATERAL (SELECT CASE WHEN k.at <> 0 THEN a.attcollation
          ELSE (SELECT t.typcollation FROM pg_attribute x JOIN pg_type t ON t.oid = x.atttypid
            WHERE x.attrelid = i.indexrelid AND x.attnum = k.n) END) ia (default_collation) ON true
    ) AS parts
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    /* only i.indrelid and i.indisunique */
  ORDER BY i.indexrelid) q;

SELECT row_to_json(q) FROM (
  SELECT 'type' AS "is", t.oid::int8 AS id, n.nspname AS schema, t.typname AS name,
    t.typtype::text AS kind, t.typrelid::int8 AS relation, t.typnotnull AS not_null,
    CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS base,
    pg_get_expr(t.typdefaultbin, 0) AS "default",
    (SELECT format_type(r.rngsubtype, NULL) FROM pg_range r WHERE r.rngtypid = t.oid) AS subtype,
    (SELECT json_agg(json_build_array(e.oid::int8, e.enumlabel) ORDER BY e.enumsortorder)
      FROM pg_enum e WHERE e.enumtypid = t.oid) AS labels
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_class c ON c.oid = t.typrelid
  WHERE t.typtype IN ('e', 'd', 'c', 'r', 'b', 'p') AND (c.oid IS NULL OR c.relkind = 'c')
    AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass
      AND d.objid = t.oid AND d.deptype = 'e')
  ORDER BY t.oid) q;

SELECT row_to_json(q) FROM (
  SELECT 'sequence' AS "is", s.seqrelid::int8 AS relation, format_type(s.seqtypid, NULL) AS type,
    s.seqstart AS start, s.seqincrement AS increment, s.seqmin AS min, s.seqmax AS max,
    s.seqcache AS cache, s.seqcycle AS cycle, d.refobjid::int8 AS owner,
    d.refobjsubid::int8 AS owner_column, coalesce(d.deptype = 'i', false) AS identity
  FROM pg_sequence s
  LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid
    AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
  ORDER BY s.seqrelid) q;

SELECT row_to_json(q) FROM (
  SELECT 'routine' AS "is", p.oid::int8 AS id, n.nspname AS schema, p.proname AS name,
    p.prokind::text AS kind, l.lanname AS language, p.prosrc AS body,
    CASE WHEN p.prokind <> 'a' AND to_jsonb(p) ->> 'prosqlbody' IS NOT NULL THEN
      pg_get_functiondef(p.oid) END AS definition,
    pg_get_function_result(p.oid) AS result,
    (SELECT json_agg(format_type(a.type, NULL) ORDER BY a.n)
      FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY a (type, n)) AS types,
    to_json(p.proargnames) AS names, to_json(p.proargmodes::text[]) AS modes,
    p.pronargdefaults::int8 AS defaults, p.proacl IS NOT NULL AS has_acl,
    (SELECT json_agg(json_build_array(
        CASE WHEN a.grantee = 0 THEN 'public' ELSE pg_get_userbyid(a.grantee) END, a.privilege_type))
      FROM (SELECT x.grantee, x.privilege_type FROM aclexplode(p.proacl) x
        WHERE x.grantee <> p.proowner UNION ALL SELECT p.proowner, 'OWNER') a) AS acl
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_language l ON l.oid = p.prolang
  WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
      AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
  ORDER BY p.oid) q;

SELECT row_to_json(q) FROM (
  SELECT 'trigger' AS "is", t.oid::int8 AS id, t.tgrelid::int8 AS relation, t.tgname AS name,
    t.tgtype::int8 AS bits, t.tgenabled <> 'D' AS enabled, t.tgconstraint <> 0 AS "constraint",
    n.nspname AS function_schema, p.proname AS function,
    encode(t.tgargs, 'hex') AS arguments, t.tgoldtable AS old_table, t.tgnewtable AS new_table,
    CASE WHEN t.tgqual IS NOT NULL THEN pg_get_triggerdef(t.oid) END AS definition,
    (SELECT json_agg(a.attname ORDER BY k.n)
      FROM unnest(t.tgattr::int2[]) WITH ORDINALITY k (at, n)
      JOIN pg_attribute a ON a.attrelid = t.tgrelid AND a.attnum = k.at) AS columns
  FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_class c ON c.oid = t.tgrelid
  WHERE NOT t.tgisinternal AND coalesce(to_jsonb(t) ->> 'tgparentid', '0') = '0'
    AND c.relpersistence <> 't' /* only c.oid */
  ORDER BY t.tgname) q;

SELECT row_to_json(q) FROM (
  SELECT 'rule' AS "is", r.oid::int8 AS id, r.ev_class::int8 AS relation, r.rulename AS name,
    r.ev_enabled <> 'D' AS enabled, pg_get_ruledef(r.oid) AS definition
  FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE r.rulename <> '_RETURN' /* only c.oid */ AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  ORDER BY r.rulename) q;

SELECT row_to_json(q) FROM (
  SELECT 'policy' AS "is", p.oid::int8 AS id, p.polrelid::int8 AS relation, p.polname AS name,
    p.polcmd::text AS command, p.polpermissive AS permissive,
    (SELECT json_agg(pg_get_userbyid(r.oid)) FROM unnest(p.polroles) r (oid)
      WHERE r.oid <> 0) AS roles,
    pg_get_expr(p.polqual, p.polrelid) AS "using",
    pg_get_expr(p.polwithcheck, p.polrelid) AS with_check
  FROM pg_policy p WHERE true /* only p.polrelid */ ORDER BY p.polname) q;

SELECT row_to_json(q) FROM (
  SELECT DISTINCT 'dependency' AS "is", r.ev_class::int8 AS view, d.refobjid::int8 AS relation
  FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
  JOIN pg_class c ON c.oid = r.ev_class AND c.relkind IN ('v', 'm')
  WHERE r.rulename = '_RETURN' /* only c.oid */ ORDER BY 2, 3) q;
