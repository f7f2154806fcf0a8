-- case: success: a partition and its parent both read
-- before
CREATE TABLE events (id int, at date, old text) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- migration
ALTER TABLE events DROP COLUMN old;
-- query
SELECT id FROM events WHERE at = $1
-- query
SELECT id FROM events_2024

-- case: failure: a column dropped from the parent goes from the partitions
-- before
CREATE TABLE events (id int, at date, name text) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- migration
ALTER TABLE events DROP COLUMN name;
-- query
SELECT name FROM events_2024
-- query
SELECT name FROM events

-- case: failure: a partition is dropped with its parent
-- before
CREATE TABLE events (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- migration
DROP TABLE events;
-- query
SELECT id FROM events_2024

-- case: trap: a detached partition is a table of its own (works)
-- before
CREATE TABLE events (id int, at date, name text) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- migration
ALTER TABLE events DETACH PARTITION events_2024;
ALTER TABLE events DROP COLUMN name;
-- query
SELECT name FROM events_2024

-- case: trap: the only partition for the row is gone (fails: 23514)
-- beyond: the values of the row decide
-- stage: execute
-- before
CREATE TABLE events (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- migration
ALTER TABLE events DETACH PARTITION events_2024;
-- query
INSERT INTO events (id, at) VALUES (1, '2024-05-01')

-- case: trap: an upsert needs a unique key with the partition column (fails: 42P10)
-- before
CREATE TABLE events (id int PRIMARY KEY, at date NOT NULL);
-- migration
ALTER TABLE events RENAME TO events_old;
CREATE TABLE events (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
-- query
INSERT INTO events (id, at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING

-- case: trap: a partition attached with columns in another order (works)
-- before
CREATE TABLE events (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE events_2025 (at date, id int);
-- migration
ALTER TABLE events ATTACH PARTITION events_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
-- query
INSERT INTO events_2025 VALUES ('2025-02-02', 1)
-- query
SELECT id, tableoid::regclass FROM events
