-- Who asks what, while the session's own search path still holds. :role is whose privileges count, in
-- hexadecimal; empty where they are those of the connection. A schema that it may not look into is
-- closed: names are not sought there.
SELECT pg_catalog.row_to_json(q) FROM (
  SELECT 'session' AS "is", pg_catalog.current_setting('server_version_num')::pg_catalog.int8 AS number,
    pg_catalog.current_setting('server_version') AS version,
    pg_catalog.current_database() AS database, current_user AS "user",
    pg_catalog.current_schemas(false)::pg_catalog.text[] AS path,
    ARRAY(SELECT n.nspname::pg_catalog.text
      FROM pg_catalog.pg_namespace n, pg_catalog.pg_roles r
      WHERE r.rolname OPERATOR(pg_catalog.=) coalesce(nullif(pg_catalog.convert_from(
          pg_catalog.decode(':role', 'hex'), 'utf8'), ''), current_user::pg_catalog.text)
        AND NOT pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE')) AS closed) q;
