-- case: success: a row moves from one table to another
-- before
CREATE TABLE jobs (id int PRIMARY KEY, payload text, note text);
CREATE TABLE done (id int PRIMARY KEY, payload text);
-- migration
ALTER TABLE jobs DROP COLUMN note;
-- query
WITH gone AS (DELETE FROM jobs WHERE id = $1 RETURNING id, payload)
INSERT INTO done (id, payload) SELECT id, payload FROM gone RETURNING id

-- case: failure: what RETURNING in a CTE names goes
-- before
CREATE TABLE jobs (id int PRIMARY KEY, payload text);
CREATE TABLE done (id int PRIMARY KEY, payload text);
-- migration
ALTER TABLE jobs DROP COLUMN payload;
-- query
WITH gone AS (DELETE FROM jobs WHERE id = $1 RETURNING id, payload)
INSERT INTO done (id, payload) SELECT id, payload FROM gone
-- query
WITH gone AS (DELETE FROM jobs WHERE id = $1 RETURNING *)
INSERT INTO done (id, payload) SELECT id, payload FROM gone

-- case: failure: the target of the inner write loses a column
-- before
CREATE TABLE users (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text);
CREATE TABLE audit (id int GENERATED ALWAYS AS IDENTITY, user_id int, actor text);
-- migration
ALTER TABLE audit DROP COLUMN actor;
-- query
WITH u AS (INSERT INTO users (email) VALUES ($1) RETURNING id),
     a AS (INSERT INTO audit (user_id, actor) SELECT id, $2 FROM u)
SELECT id FROM u

-- case: failure: RETURNING * feeds an INSERT that counts its columns
-- before
CREATE TABLE jobs (id int PRIMARY KEY, payload text);
CREATE TABLE done (id int PRIMARY KEY, payload text);
-- migration
ALTER TABLE jobs ADD COLUMN attempts int NOT NULL DEFAULT 0;
-- query
WITH gone AS (DELETE FROM jobs WHERE id = $1 RETURNING *) INSERT INTO done SELECT * FROM gone

-- case: trap: the same statement when the column is added to the target (works)
-- before
CREATE TABLE jobs (id int PRIMARY KEY, payload text);
CREATE TABLE done (id int PRIMARY KEY, payload text);
-- migration
ALTER TABLE done ADD COLUMN finished_at timestamptz NOT NULL DEFAULT now();
-- query
WITH gone AS (DELETE FROM jobs WHERE id = $1 RETURNING *) INSERT INTO done SELECT * FROM gone

-- case: trap: a write in a CTE goes to the table and not to a CTE of that name (fails: 42P01)
-- before
CREATE TABLE queue (id int PRIMARY KEY);
-- migration
DROP TABLE queue;
-- query
WITH queue AS (DELETE FROM queue WHERE id = $1 RETURNING id) SELECT id FROM queue

-- case: trap: the CTE only has the columns that RETURNING gives (works)
-- before
CREATE TABLE jobs (id int PRIMARY KEY, payload text, state text);
-- migration
ALTER TABLE jobs DROP COLUMN payload;
-- query
WITH j AS (UPDATE jobs SET state = 'x' WHERE id = $1 RETURNING id AS payload) SELECT payload FROM j

-- case: success: a queue that takes its next job
-- before
CREATE TABLE jobs (id bigint PRIMARY KEY, queue text NOT NULL, state text NOT NULL, run_at timestamptz NOT NULL, locked_by text, priority int);
-- migration
ALTER TABLE jobs DROP COLUMN priority;
-- query
WITH next AS (
    SELECT id FROM jobs
    WHERE queue = $1 AND state = 'ready' AND run_at <= now()
    ORDER BY run_at
    FOR UPDATE SKIP LOCKED
    LIMIT 1
)
UPDATE jobs SET state = 'running', locked_by = $2 FROM next WHERE jobs.id = next.id RETURNING jobs.*

-- case: failure: the queue orders by what goes
-- before
CREATE TABLE jobs (id bigint PRIMARY KEY, queue text NOT NULL, state text NOT NULL, run_at timestamptz NOT NULL, locked_by text, priority int);
-- migration
ALTER TABLE jobs DROP COLUMN priority;
-- query
WITH next AS (
    SELECT id FROM jobs
    WHERE queue = $1 AND state = 'ready' AND run_at <= now()
    ORDER BY priority DESC, run_at
    FOR UPDATE SKIP LOCKED
    LIMIT 1
)
UPDATE jobs SET state = 'running', locked_by = $2 FROM next WHERE jobs.id = next.id RETURNING jobs.*
