-- case: success: a label that stays
-- before
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE people (id int PRIMARY KEY, mood mood, old text);
-- migration
ALTER TABLE people DROP COLUMN old;
-- query
SELECT id FROM people WHERE mood = 'happy'
-- query
SELECT id FROM people WHERE mood IN ('sad', 'ok') OR mood > 'sad'
-- query
INSERT INTO people (id, mood) VALUES ($1, 'ok')
-- query
UPDATE people SET mood = CASE WHEN mood = 'sad' THEN 'ok'::mood ELSE mood END

-- case: failure: a label is renamed
-- before
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE people (id int PRIMARY KEY, mood mood);
-- migration
ALTER TYPE mood RENAME VALUE 'happy' TO 'glad';
-- query
SELECT id FROM people WHERE mood = 'happy'
-- query
SELECT id FROM people WHERE mood IN ('sad', 'happy')
-- query
INSERT INTO people (id, mood) VALUES ($1, 'happy')
-- query
INSERT INTO people VALUES (1, 'ok'), (2, 'happy')
-- query
UPDATE people SET mood = 'happy' WHERE id = $1
-- query
SELECT 'happy'::mood
-- query
SELECT coalesce(mood, 'happy') FROM people
-- query
SELECT CASE WHEN id > 1 THEN mood ELSE 'happy' END FROM people
-- query
SELECT id FROM people WHERE mood = ANY ('{sad,happy}')

-- case: failure: an enum becomes a text with a check and the cast has no type
-- before
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE people (id int PRIMARY KEY, mood mood);
-- migration
ALTER TABLE people ALTER COLUMN mood TYPE text;
DROP TYPE mood;
-- query
SELECT id FROM people WHERE mood = $1::mood

-- case: success: an enum becomes a text and bare literals go on
-- before
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE people (id int PRIMARY KEY, mood mood);
-- migration
ALTER TABLE people ALTER COLUMN mood TYPE text;
-- query
SELECT id FROM people WHERE mood = 'sad'
-- query
INSERT INTO people VALUES ($1, 'happy')

-- case: trap: a text becomes an enum and compares with a text no longer (fails: 42883)
-- before
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE people (id int PRIMARY KEY, mood text);
-- migration
ALTER TABLE people ALTER COLUMN mood TYPE mood USING mood::mood;
-- query
SELECT id FROM people WHERE mood = $1::text
-- query
SELECT id FROM people WHERE mood LIKE 's%'
-- query
SELECT upper(mood) FROM people

-- case: trap: a text becomes an enum and a literal is no label (fails: 22P02)
-- before
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE people (id int PRIMARY KEY, mood text);
-- migration
ALTER TABLE people ALTER COLUMN mood TYPE mood USING mood::mood;
-- query
SELECT id FROM people WHERE mood = ''
-- query
SELECT id FROM people WHERE mood <> 'Happy'

-- case: trap: a value typed text is not assigned to an enum (fails: 42804)
-- before
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE people (id int PRIMARY KEY, mood text);
-- migration
ALTER TABLE people ALTER COLUMN mood TYPE mood USING mood::mood;
-- query
INSERT INTO people (id, mood) VALUES ($1, 'sad'::text)
-- query
UPDATE people SET mood = $1::text

-- case: trap: a label of another enum with the same name (works)
-- before
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE weather AS ENUM ('happy', 'rain');
CREATE TABLE people (id int PRIMARY KEY, mood mood);
-- migration
ALTER TYPE weather RENAME VALUE 'happy' TO 'sun';
-- query
SELECT id FROM people WHERE mood = 'happy'

-- case: trap: a renamed label inside a string that is no enum (works)
-- before
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE people (id int PRIMARY KEY, mood mood, note text);
-- migration
ALTER TYPE mood RENAME VALUE 'happy' TO 'glad';
-- query
SELECT id FROM people WHERE note = 'happy' OR mood::text = 'happy'

-- case: failure-before: a label that is added
-- before
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE people (id int PRIMARY KEY, mood mood);
-- migration
ALTER TYPE mood ADD VALUE 'ok' BEFORE 'happy';
-- query
UPDATE people SET mood = 'ok' WHERE id = $1

-- case: failure: a boolean column becomes an enum
-- before
CREATE TYPE state AS ENUM ('on', 'off');
CREATE TABLE switches (id int PRIMARY KEY, state boolean);
-- migration
ALTER TABLE switches ALTER COLUMN state TYPE state USING CASE WHEN state THEN 'on'::state ELSE 'off' END;
-- query
SELECT id FROM switches WHERE state
-- query
SELECT id FROM switches WHERE state = true
-- query
UPDATE switches SET state = false WHERE id = $1
