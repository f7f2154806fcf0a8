-- case: success: window functions over what stays
-- before
CREATE TABLE scores (id int PRIMARY KEY, team int, points int, note text);
-- migration
ALTER TABLE scores DROP COLUMN note;
-- query
SELECT id, rank() OVER (PARTITION BY team ORDER BY points DESC) FROM scores
-- query
SELECT id, points - lag(points, 1, 0) OVER (ORDER BY id) AS delta, sum(points) FILTER (WHERE points > 0) OVER () FROM scores
-- query
SELECT avg(points) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM scores

-- case: failure: a column inside OVER goes
-- before
CREATE TABLE scores (id int PRIMARY KEY, team int, points int);
-- migration
ALTER TABLE scores DROP COLUMN team;
-- query
SELECT id, row_number() OVER (PARTITION BY team ORDER BY points) FROM scores
-- query
SELECT id, row_number() OVER (ORDER BY scores.team) FROM scores
-- query
SELECT id FROM scores ORDER BY rank() OVER (ORDER BY team)
-- query
SELECT id, count(*) FILTER (WHERE team = 1) OVER () FROM scores

-- case: trap: OVER sees no output alias (fails: 42703)
-- before
CREATE TABLE scores (id int PRIMARY KEY, points int, total int);
-- migration
ALTER TABLE scores DROP COLUMN total;
-- query
SELECT id, points * 2 AS total, rank() OVER (ORDER BY total) FROM scores

-- case: trap: a number in OVER is a constant and no position (works)
-- before
CREATE TABLE scores (id int PRIMARY KEY, points int, note text);
-- migration
ALTER TABLE scores DROP COLUMN note;
-- query
SELECT id, points, row_number() OVER (ORDER BY 3) FROM scores

-- case: failure: a window function loses its type
-- before
CREATE TABLE scores (id int PRIMARY KEY, points int);
-- migration
ALTER TABLE scores ALTER COLUMN points TYPE text;
-- query
SELECT sum(points) OVER (PARTITION BY id) FROM scores
-- query
SELECT points - lag(points) OVER (ORDER BY id) FROM scores

-- case: failure: an offset in RANGE has no meaning for the new type
-- before
CREATE TABLE scores (id int PRIMARY KEY, at date);
-- migration
ALTER TABLE scores ALTER COLUMN at TYPE text;
-- query
SELECT count(*) OVER (ORDER BY at RANGE BETWEEN '1 day' PRECEDING AND CURRENT ROW) FROM scores
