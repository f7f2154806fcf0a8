-- case: success: operators of arrays and json
-- before
CREATE TABLE t (id int PRIMARY KEY, tags text[], doc jsonb, old text);
-- migration
ALTER TABLE t DROP COLUMN old;
-- query
SELECT tags[1], tags[2:3], array_length(tags, 1), tags || 'x'::text, cardinality(tags) FROM t WHERE tags @> ARRAY['a'] AND 'b' = ANY (tags) AND tags && $1
-- query
SELECT doc -> 'a' ->> 'b', doc #>> '{a,b}', doc['a']['b'], (doc ->> 'n')::int FROM t WHERE doc @> '{"a": 1}' AND doc ? 'k' AND doc @@ '$.a == 1'
-- query
UPDATE t SET doc = jsonb_set(doc, '{a}', to_jsonb($1::int)) || '{"b": 2}', tags = array_remove(tags, $2)

-- case: failure: the array or the document goes
-- before
CREATE TABLE t (id int PRIMARY KEY, tags text[], doc jsonb);
-- migration
ALTER TABLE t DROP COLUMN tags, DROP COLUMN doc;
-- query
SELECT tags[1] FROM t
-- query
SELECT doc ->> 'a' FROM t
-- query
SELECT id FROM t WHERE $1 = ANY (tags)
-- query
SELECT id FROM t WHERE doc @> $1

-- case: failure: jsonb becomes json
-- before
CREATE TABLE t (id int PRIMARY KEY, doc jsonb);
-- migration
ALTER TABLE t ALTER COLUMN doc TYPE json;
-- query
SELECT id FROM t WHERE doc @> '{"a": 1}'
-- query
SELECT id FROM t WHERE doc ? 'a'
-- query
SELECT doc || doc FROM t
-- query
SELECT doc - 'a' FROM t
-- query
SELECT id FROM t WHERE doc = '{}'
-- query
SELECT jsonb_array_length(doc) FROM t

-- case: trap: operators that json has too (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, doc jsonb);
-- migration
ALTER TABLE t ALTER COLUMN doc TYPE json;
-- query
SELECT doc -> 'a', doc ->> 'b', doc #> '{a}', doc -> 0 FROM t
-- query
UPDATE t SET doc = '{"a": 1}'
-- query
SELECT doc::jsonb @> '{}' FROM t

-- case: trap: json beside an untyped literal is joined as a text (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, doc jsonb);
-- migration
ALTER TABLE t ALTER COLUMN doc TYPE json;
-- query
SELECT doc || '{"a": 1}' FROM t

-- case: trap: a key inside a document has the name of a dropped column (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, doc jsonb, nickname text);
-- migration
ALTER TABLE t DROP COLUMN nickname;
-- query
SELECT doc ->> 'nickname' FROM t WHERE doc ? 'nickname'

-- case: failure: a json document becomes a text
-- before
CREATE TABLE t (id int PRIMARY KEY, doc jsonb);
-- migration
ALTER TABLE t ALTER COLUMN doc TYPE text;
-- query
SELECT doc ->> 'a' FROM t
-- query
SELECT doc -> 'a' -> 'b' FROM t

-- case: failure: an array becomes a text
-- before
CREATE TABLE t (id int PRIMARY KEY, tags text[]);
-- migration
ALTER TABLE t ALTER COLUMN tags TYPE text USING array_to_string(tags, ',');
-- query
SELECT id FROM t WHERE 'a' = ANY (tags)
-- query
SELECT id FROM t WHERE tags @> ARRAY['a']
-- query
SELECT array_length(tags, 1) FROM t
-- query
SELECT tags[1] FROM t

-- case: trap: arrays of text and of varchar have no operator in common (fails: 42883)
-- before
CREATE TABLE t (id int PRIMARY KEY, tags text[]);
-- migration
ALTER TABLE t ALTER COLUMN tags TYPE varchar(10)[];
-- query
SELECT id FROM t WHERE tags @> ARRAY['a']
-- query
SELECT id FROM t WHERE tags && $1::text[]

-- case: trap: untyped array literals take the type of the column (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, tags text[]);
-- migration
ALTER TABLE t ALTER COLUMN tags TYPE varchar(10)[];
-- query
SELECT id FROM t WHERE tags @> '{a,b}' AND tags && $1 AND 'a' = ANY (tags)

-- case: failure: elements of another type
-- before
CREATE TABLE t (id int PRIMARY KEY, ids int[]);
-- migration
ALTER TABLE t ALTER COLUMN ids TYPE text[] USING ids::text[];
-- query
SELECT id FROM t WHERE id = ANY (ids)
-- query
SELECT id FROM t WHERE ids @> ARRAY[1]
-- query
SELECT array_append(ids, id) FROM t
