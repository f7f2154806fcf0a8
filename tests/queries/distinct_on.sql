-- case: success: the newest row of each user
-- before
CREATE TABLE logins (id int PRIMARY KEY, user_id int, at timestamptz, ip text);
-- migration
ALTER TABLE logins DROP COLUMN ip;
-- query
SELECT DISTINCT ON (user_id) user_id, at FROM logins ORDER BY user_id, at DESC
-- query
SELECT DISTINCT ON (1) user_id, at FROM logins

-- case: failure: the column of DISTINCT ON goes
-- before
CREATE TABLE logins (id int PRIMARY KEY, user_id int, at timestamptz, device text);
-- migration
ALTER TABLE logins DROP COLUMN device;
-- query
SELECT DISTINCT ON (device) id FROM logins
-- query
SELECT DISTINCT ON (user_id, logins.device) id, at FROM logins ORDER BY user_id, device

-- case: trap: an output alias takes over in DISTINCT ON (works)
-- before
CREATE TABLE logins (id int PRIMARY KEY, at timestamptz, day date);
-- migration
ALTER TABLE logins DROP COLUMN day;
-- query
SELECT DISTINCT ON (day) at::date AS day, id FROM logins ORDER BY day, id

-- case: trap: ORDER BY takes a new output column and no longer matches (fails: 42P10)
-- before
CREATE TABLE logins (id int PRIMARY KEY, device_id int, day date);
CREATE TABLE devices (device int, name text);
-- migration
ALTER TABLE devices ADD COLUMN day date;
-- query
SELECT DISTINCT ON (l.day) d.*, l.id FROM logins l JOIN devices d ON d.device = l.device_id ORDER BY day

-- case: trap: positions of DISTINCT ON shift with a star (fails: 42P10)
-- before
CREATE TABLE logins (id int PRIMARY KEY, user_id int);
-- migration
ALTER TABLE logins DROP COLUMN user_id;
-- query
SELECT DISTINCT ON (2) * FROM logins
