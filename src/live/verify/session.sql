-- Who asks what, while the session's own search path still holds.
SELECT pg_catalog.row_to_json(q) FROM (
  SELECT 'session' AS "is", pg_catalog.current_setting('server_version_num')::pg_catalog.int8 AS number,
    pg_catalog.current_setting('server_version') AS version,
    pg_catalog.current_database() AS database, current_user AS "user",
    pg_catalog.current_schemas(false)::pg_catalog.text[] AS path) q;
