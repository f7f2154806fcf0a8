-- Which of the wanted history tables are there, and their rows, asked within a transaction that has
-- kept the schemas that the connection searches in migcheck.path. Each row of the answer is one JSON object, told apart by its key "is"; all values of rows are text. A table
-- that may not be read is only named. The text WANTED below becomes a list of values, all of them
-- literals. A query over a table that may not be there needs a statement made on the way: that is
-- query_to_xml, which reads only, and its answer is hexadecimal so that nothing in it is escaped.
SET LOCAL datestyle = 'ISO, YMD';

WITH wanted (source, in_schema, reach, name, columns, needed, ordered) AS (VALUES
  WANTED
),
path AS (
  SELECT p.schema, p.place FROM json_array_elements_text(current_setting('migcheck.path')::json)
    WITH ORDINALITY AS p (schema, place)
),
found AS MATERIALIZED (
  SELECT w.source, w.reach, c.oid AS id, n.nspname::text AS schema, c.relname::text AS name, w.ordered,
    ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
      AND NOT a.attisdropped AND a.attname = ANY (w.columns) ORDER BY a.attnum) AS columns,
    ARRAY(SELECT x FROM unnest(w.needed) x WHERE NOT EXISTS (SELECT FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = x)) AS missing,
    has_schema_privilege(n.oid, 'USAGE') AND NOT EXISTS (SELECT FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attname = ANY (w.columns) AND NOT has_column_privilege(c.oid, a.attnum, 'SELECT'))
      AS is_readable,
    row_security_active(c.oid) AS hides_rows,
    CASE WHEN n.nspname = w.in_schema THEN 0
      ELSE coalesce((SELECT p.place FROM path p WHERE p.schema = n.nspname), 1000000) END AS place
  FROM wanted w
  JOIN pg_class c ON c.relname = w.name
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND (w.reach <> 'exactly' OR n.nspname = w.in_schema)
    AND (c.relkind IN ('r', 'p') OR (w.reach = 'exactly' AND c.relkind IN ('v', 'm', 'f')))
),
-- One that has the columns goes before one that has not, then the nearest one.
ranked AS (
  SELECT f.*, rank() OVER (PARTITION BY f.source
    ORDER BY cardinality(f.missing) > 0 OR cardinality(f.columns) = 0, f.place) AS rank
  FROM found f
),
nearest AS (
  SELECT r.*, r.place = 1000000 AND (r.reach <> 'anywhere'
      OR count(*) OVER (PARTITION BY r.source) > 1) AS is_elsewhere,
    row_number() OVER (PARTITION BY r.source ORDER BY r.schema) AS number
  FROM ranked r WHERE r.rank = 1
),
read AS (
  SELECT t.source, CASE WHEN NOT t.is_elsewhere AND t.is_readable AND NOT t.hides_rows
      AND cardinality(t.missing) = 0 AND cardinality(t.columns) > 0 THEN query_to_xml(format(
    'SELECT encode(convert_to(coalesce(json_agg(q.r), ''[]'')::text, ''UTF8''), ''hex'') AS j '
    'FROM (SELECT json_build_object(%s) AS r FROM %I.%I AS t %s LIMIT 50001) q',
    (SELECT string_agg(format('%L, t.%I::text', x, x), ', ') FROM unnest(t.columns) x),
    t.schema, t.name,
    (SELECT 'ORDER BY ' || string_agg(format('t.%I', x), ', ' ORDER BY o) FROM
      unnest(t.ordered) WITH ORDINALITY AS u (x, o) WHERE x = ANY (t.columns))),
    false, true, '')::text END AS answer
  FROM nearest t
)
SELECT q.line FROM (
  SELECT t.source, 0 AS kind, t.number, json_build_object('is', 'table', 'source', t.source,
    'schema', t.schema, 'name', t.name, 'missing', t.missing, 'is_known', cardinality(t.columns) > 0,
    'is_elsewhere', t.is_elsewhere, 'is_readable', t.is_readable, 'hides_rows', t.hides_rows)::text AS line
  FROM nearest t WHERE t.number <= 10
  UNION ALL
  SELECT r.source, 1, e.number, json_build_object('is', 'row', 'source', r.source, 'row',
    e.value)::text
  FROM read r, json_array_elements(convert_from(decode(
    split_part(split_part(r.answer, '<j>', 2), '</j>', 1), 'hex'), 'UTF8')::json)
    WITH ORDINALITY AS e (value, number)
) q ORDER BY q.source, q.kind, q.number;
