-- case: success: the primary key stands for the whole row
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, email text, old text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users);
-- migration
ALTER TABLE users DROP COLUMN old;
-- query
SELECT u.id, u.name, u.email, count(o.id) FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY u.id
-- query
SELECT u.*, count(*) FROM users u GROUP BY u.id

-- case: failure: the primary key goes
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users DROP CONSTRAINT users_pkey;
-- query
SELECT id, name, count(*) FROM users GROUP BY id
-- query
SELECT id FROM users GROUP BY id ORDER BY name
-- query
SELECT id FROM users GROUP BY id HAVING name IS NOT NULL

-- case: failure: the primary key gains a column
-- before
CREATE TABLE users (id int PRIMARY KEY, tenant int NOT NULL, name text);
-- migration
ALTER TABLE users DROP CONSTRAINT users_pkey;
ALTER TABLE users ADD PRIMARY KEY (tenant, id);
-- query
SELECT id, name FROM users GROUP BY id

-- case: trap: a unique key on columns that are not null does not do (fails: 42803)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users DROP CONSTRAINT users_pkey;
ALTER TABLE users ADD UNIQUE (id);
-- query
SELECT id, name FROM users GROUP BY id

-- case: trap: the primary key of one table does not stand for the other (fails: 42803)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users);
-- migration
ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE;
-- query
SELECT o.id, o.user_id, u.name FROM orders o JOIN users u ON u.id = o.user_id GROUP BY o.id, u.id

-- case: trap: the key comes back under another name (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users DROP CONSTRAINT users_pkey;
ALTER TABLE users ADD CONSTRAINT users_key PRIMARY KEY (id);
-- query
SELECT id, name FROM users GROUP BY id

-- case: trap: a deferrable primary key does not do (fails: 42803)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users DROP CONSTRAINT users_pkey;
ALTER TABLE users ADD PRIMARY KEY (id) DEFERRABLE;
-- query
SELECT id, name FROM users GROUP BY id

-- case: trap: the key does not reach through a view (fails: 42803)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text);
-- migration
ALTER TABLE users RENAME TO members;
CREATE VIEW users AS SELECT id, name FROM members;
-- query
SELECT id, name FROM users GROUP BY id

-- case: trap: grouped by more than the key (works)
-- before
CREATE TABLE memberships (user_id int, team_id int, role text, old text, PRIMARY KEY (user_id, team_id));
-- migration
ALTER TABLE memberships DROP COLUMN old;
-- query
SELECT role, user_id FROM memberships m GROUP BY team_id, user_id
