-- case: success: a named window over what stays
-- before
CREATE TABLE scores (id int PRIMARY KEY, team int, points int, note text);
-- migration
ALTER TABLE scores DROP COLUMN note;
-- query
SELECT id, rank() OVER w, sum(points) OVER (w ROWS UNBOUNDED PRECEDING) FROM scores WINDOW w AS (PARTITION BY team ORDER BY points)
-- query
SELECT id, first_value(points) OVER b FROM scores WINDOW a AS (PARTITION BY team), b AS (a ORDER BY id)

-- case: failure: a column in a named window goes
-- before
CREATE TABLE scores (id int PRIMARY KEY, team int, points int);
-- migration
ALTER TABLE scores DROP COLUMN team;
-- query
SELECT id, rank() OVER w FROM scores WINDOW w AS (PARTITION BY team ORDER BY points)

-- case: trap: a window that nobody uses is bound all the same (fails: 42703)
-- before
CREATE TABLE scores (id int PRIMARY KEY, team int, points int);
-- migration
ALTER TABLE scores DROP COLUMN team;
-- query
SELECT id FROM scores WINDOW w AS (PARTITION BY team)

-- case: trap: a window with the name of the dropped column (works)
-- before
CREATE TABLE scores (id int PRIMARY KEY, team int, points int);
-- migration
ALTER TABLE scores DROP COLUMN team;
-- query
SELECT id, rank() OVER team FROM scores WINDOW team AS (ORDER BY points)
