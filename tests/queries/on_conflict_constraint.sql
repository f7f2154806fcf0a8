-- case: success: the constraint keeps its name
-- before
CREATE TABLE users (id int PRIMARY KEY, email text, old text, CONSTRAINT users_email UNIQUE (email));
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT users_email DO NOTHING
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT users_pkey DO UPDATE SET email = excluded.email

-- case: failure: the constraint is renamed
-- before
CREATE TABLE users (id int PRIMARY KEY, email text, CONSTRAINT users_email UNIQUE (email));
-- migration
ALTER TABLE users RENAME CONSTRAINT users_email TO users_email_key;
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT users_email DO NOTHING

-- case: trap: a unique index of the name is no constraint (fails: 42704)
-- before
CREATE TABLE users (id int PRIMARY KEY, email text, CONSTRAINT users_email UNIQUE (email));
-- migration
ALTER TABLE users DROP CONSTRAINT users_email;
CREATE UNIQUE INDEX users_email ON users (email);
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT users_email DO NOTHING

-- case: trap: renaming the index renames the constraint (fails: 42704)
-- before
CREATE TABLE users (id int PRIMARY KEY, email text, CONSTRAINT users_email UNIQUE (email));
-- migration
ALTER INDEX users_email RENAME TO users_mail;
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT users_email DO NOTHING

-- case: trap: a constraint of the name on another table is no help (fails: 42704)
-- before
CREATE SCHEMA other;
CREATE TABLE users (id int PRIMARY KEY, email text, CONSTRAINT users_email UNIQUE (email));
CREATE TABLE other.users (id int PRIMARY KEY, email text, CONSTRAINT users_email UNIQUE (email));
-- migration
ALTER TABLE users DROP CONSTRAINT users_email;
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT users_email DO NOTHING

-- case: trap: renaming the table leaves the constraint's name alone (works)
-- before
CREATE TABLE members (id int, email text);
ALTER TABLE members ADD PRIMARY KEY (id);
CREATE TABLE old (id int);
-- migration
DROP TABLE old;
ALTER TABLE members RENAME TO tmp;
ALTER TABLE tmp RENAME TO members;
-- query
INSERT INTO members (id, email) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT members_pkey DO NOTHING

-- case: trap: a check of the name is no arbiter (fails: 42809)
-- before
CREATE TABLE users (id int PRIMARY KEY, email text, CONSTRAINT users_email UNIQUE (email));
-- migration
ALTER TABLE users DROP CONSTRAINT users_email;
ALTER TABLE users ADD CONSTRAINT users_email CHECK (email <> '');
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT users_email DO NOTHING

-- case: success: an exclusion constraint may be passed over
-- before
CREATE TABLE bookings (id int PRIMARY KEY, during int4range, note text, CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&));
-- migration
ALTER TABLE bookings DROP COLUMN note;
-- query
INSERT INTO bookings (id, during) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT no_overlap DO NOTHING

-- case: failure: an exclusion constraint takes the place of a unique one
-- before
CREATE TABLE bookings (id int PRIMARY KEY, room int4range, CONSTRAINT one_room UNIQUE (room));
-- migration
ALTER TABLE bookings DROP CONSTRAINT one_room;
ALTER TABLE bookings ADD CONSTRAINT one_room EXCLUDE USING gist (room WITH &&);
-- query
INSERT INTO bookings (id, room) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT one_room DO UPDATE SET room = excluded.room
