-- case: success: literals with their type
-- before
CREATE TABLE events (id int PRIMARY KEY, at timestamptz, day date, old text);
-- migration
ALTER TABLE events DROP COLUMN old;
-- query
SELECT id FROM events WHERE at > timestamptz '2024-01-01 00:00:00+00' AND day = date '2024-01-01'
-- query
SELECT id FROM events WHERE at > now() - interval '1 day' * $1
-- query
SELECT int '7', numeric(5, 2) '1.5', double precision '1e3', bit '101', json '{"a": 1}'

-- case: failure: a literal does not read as the new type
-- before
CREATE TABLE events (id int PRIMARY KEY, day text);
-- migration
ALTER TABLE events ALTER COLUMN day TYPE date USING day::date;
-- query
SELECT id FROM events WHERE day = ''
-- query
SELECT id FROM events WHERE day <> 'never'
-- query
INSERT INTO events (id, day) VALUES ($1, 'soon')

-- case: failure: a literal typed with a type of the schema that goes
-- before
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE people (id int PRIMARY KEY);
-- migration
DROP TYPE mood;
-- query
SELECT mood 'sad', id FROM people

-- case: failure: an integer literal that the smaller type does not hold
-- stage: execute
-- before
CREATE TABLE counters (id int PRIMARY KEY, n bigint);
-- migration
ALTER TABLE counters ALTER COLUMN n TYPE int;
-- query
INSERT INTO counters (id, n) VALUES (1, 3000000000)

-- case: trap: a comparison with a big integer literal goes on (works)
-- stage: execute
-- before
CREATE TABLE counters (id int PRIMARY KEY, n bigint);
-- migration
ALTER TABLE counters ALTER COLUMN n TYPE int;
-- query
SELECT id FROM counters WHERE n < 3000000000

-- case: trap: a quoted number is read as the type of the column (fails: 22003)
-- before
CREATE TABLE counters (id int PRIMARY KEY, n bigint);
-- migration
ALTER TABLE counters ALTER COLUMN n TYPE int;
-- query
SELECT id FROM counters WHERE n < '3000000000'

-- case: trap: a quoted word is no integer (fails: 22P02)
-- before
CREATE TABLE users (id text PRIMARY KEY);
-- migration
ALTER TABLE users ALTER COLUMN id TYPE int USING id::int;
-- query
SELECT 1 FROM users WHERE id = 'me'

-- case: trap: a quoted number is read as an integer (works)
-- before
CREATE TABLE users (id text PRIMARY KEY);
-- migration
ALTER TABLE users ALTER COLUMN id TYPE int USING id::int;
-- query
SELECT 1 FROM users WHERE id = '42'

-- case: trap: a column named like a type takes nothing from the literal (works)
-- before
CREATE TABLE events (id int PRIMARY KEY, date date);
-- migration
ALTER TABLE events DROP COLUMN date;
-- query
SELECT id, date '2024-01-01' FROM events

-- case: trap: special words of dates are no words of text (works)
-- before
CREATE TABLE events (id int PRIMARY KEY, at timestamptz);
-- migration
ALTER TABLE events ALTER COLUMN at TYPE text;
-- query
SELECT id FROM events WHERE at < 'now'

-- case: failure: a uuid column takes no free text
-- before
CREATE TABLE items (id text PRIMARY KEY);
-- migration
ALTER TABLE items ALTER COLUMN id TYPE uuid USING id::uuid;
-- query
SELECT 1 FROM items WHERE id = 'abc'
-- query
SELECT 1 FROM items WHERE id IN ('3f2504e0-4f89-11d3-9a0c-0305e82c3301', '')
