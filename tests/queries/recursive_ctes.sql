-- case: success: a tree walk that does not read the dropped column
-- before
CREATE TABLE categories (id int PRIMARY KEY, parent_id int, name text, slug text);
-- migration
ALTER TABLE categories DROP COLUMN slug;
-- query
WITH RECURSIVE tree AS (
    SELECT id, parent_id, name, 1 AS depth FROM categories WHERE id = $1
    UNION ALL
    SELECT c.id, c.parent_id, c.name, t.depth + 1 FROM categories c JOIN tree t ON c.parent_id = t.id
)
SELECT id, name, depth FROM tree ORDER BY depth

-- case: failure: the link of a tree walk is renamed
-- before
CREATE TABLE categories (id int PRIMARY KEY, parent_id int, name text);
-- migration
ALTER TABLE categories RENAME COLUMN parent_id TO parent;
-- query
WITH RECURSIVE tree (id, depth) AS (
    SELECT id, 1 FROM categories WHERE parent_id IS NULL
    UNION ALL
    SELECT c.id, t.depth + 1 FROM categories c, tree t WHERE c.parent_id = t.id
)
SELECT count(*) FROM tree
-- query
WITH RECURSIVE up AS (
    SELECT * FROM categories WHERE id = $1
    UNION
    SELECT c.* FROM categories c JOIN up ON up.parent_id = c.id
)
SELECT name FROM up

-- case: failure: the types of the two parts part company
-- before
CREATE TABLE steps (id int PRIMARY KEY, next_id int);
-- migration
ALTER TABLE steps ALTER COLUMN next_id TYPE bigint;
-- query
WITH RECURSIVE walk (id) AS (
    SELECT id FROM steps WHERE id = 1
    UNION ALL
    SELECT s.next_id FROM steps s JOIN walk w ON w.id = s.id
)
SELECT id FROM walk

-- case: failure: the type modifier of one part changes
-- beyond: lengths of types are not followed
-- before
CREATE TABLE nodes (id int PRIMARY KEY, parent int, path text);
-- migration
ALTER TABLE nodes ALTER COLUMN path TYPE varchar(20);
-- query
WITH RECURSIVE w AS (
    SELECT id, path FROM nodes WHERE parent IS NULL
    UNION ALL
    SELECT n.id, w.path || '/' || n.path FROM nodes n JOIN w ON n.parent = w.id
)
SELECT path FROM w

-- case: trap: with RECURSIVE the name inside is the CTE and not the table (works)
-- before
CREATE TABLE tree (id int PRIMARY KEY, label text);
CREATE TABLE nodes (id int PRIMARY KEY, parent int);
-- migration
DROP TABLE tree;
-- query
WITH RECURSIVE tree AS (
    SELECT id FROM nodes WHERE parent IS NULL
    UNION ALL
    SELECT n.id FROM nodes n JOIN tree ON n.parent = tree.id
)
SELECT id FROM tree

-- case: trap: with RECURSIVE a later CTE is visible in an earlier one (works)
-- before
CREATE TABLE b (id int);
-- migration
DROP TABLE b;
-- query
WITH RECURSIVE a AS (SELECT id FROM b), b AS (SELECT 1 AS id) SELECT * FROM a

-- case: trap: a star in both parts stays in step when a column is added (works)
-- before
CREATE TABLE nodes (id int PRIMARY KEY, parent int);
-- migration
ALTER TABLE nodes ADD COLUMN label text;
-- query
WITH RECURSIVE w AS (
    SELECT * FROM nodes WHERE parent IS NULL
    UNION ALL
    SELECT n.* FROM nodes n JOIN w ON n.parent = w.id
)
SELECT id FROM w

-- case: trap: a star in one part and a list in the other fall out of step (fails: 42601)
-- before
CREATE TABLE nodes (id int PRIMARY KEY, parent int);
-- migration
ALTER TABLE nodes ADD COLUMN label text;
-- query
WITH RECURSIVE w AS (
    SELECT * FROM nodes WHERE parent IS NULL
    UNION ALL
    SELECT n.id, n.parent FROM nodes n JOIN w ON n.parent = w.id
)
SELECT id FROM w

-- case: failure: a column of SEARCH and CYCLE clauses goes
-- before
CREATE TABLE edges (src int, dst int, weight int);
-- migration
ALTER TABLE edges DROP COLUMN weight;
-- query
WITH RECURSIVE path AS (
    SELECT src, dst, weight FROM edges WHERE src = $1
    UNION ALL
    SELECT e.src, e.dst, e.weight FROM edges e JOIN path p ON e.src = p.dst
) SEARCH DEPTH FIRST BY weight SET ordering CYCLE dst SET looped USING trail
SELECT src, dst, looped FROM path ORDER BY ordering

-- case: success: SEARCH and CYCLE add columns of their own
-- before
CREATE TABLE edges (src int, dst int, weight int);
-- migration
ALTER TABLE edges DROP COLUMN weight;
-- query
WITH RECURSIVE path AS (
    SELECT src, dst FROM edges WHERE src = $1
    UNION ALL
    SELECT e.src, e.dst FROM edges e JOIN path p ON e.src = p.dst
) SEARCH BREADTH FIRST BY src, dst SET ordering CYCLE dst SET looped TO 'y' DEFAULT 'n' USING trail
SELECT src, dst, looped, trail FROM path WHERE looped = 'n' ORDER BY ordering
