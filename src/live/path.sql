-- The schemas that the connection searches are kept for the history, since from here on only
-- pg_catalog is searched.
SELECT NULL::pg_catalog.text FROM pg_catalog.set_config('migcheck.path',
  pg_catalog.to_json(pg_catalog.current_schemas(false))::pg_catalog.text, true) AS kept (path)
WHERE path IS NULL;
SET LOCAL search_path = pg_catalog;
