-- case: success: RETURNING of what stays
-- before
CREATE TABLE users (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
INSERT INTO users (name) VALUES ($1) RETURNING id, name
-- query
UPDATE users SET name = $2 WHERE id = $1 RETURNING users.id AS changed, upper(name)
-- query
DELETE FROM users WHERE id = $1 RETURNING *

-- case: failure: RETURNING of a column that goes
-- before
CREATE TABLE users (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, nickname text);
-- migration
ALTER TABLE users DROP COLUMN nickname;
-- query
INSERT INTO users (name) VALUES ($1) RETURNING id, nickname
-- query
UPDATE users SET name = $2 WHERE id = $1 RETURNING coalesce(nickname, name)
-- query
DELETE FROM users AS u WHERE u.id = $1 RETURNING u.nickname

-- case: failure: an ORM names every column of the row in RETURNING
-- before
CREATE TABLE "public"."User" ("id" serial PRIMARY KEY, "email" text NOT NULL, "name" text, "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP);
-- migration
ALTER TABLE "User" DROP COLUMN "name";
-- query
INSERT INTO "public"."User" ("email","createdAt") VALUES ($1,$2) RETURNING "public"."User"."id", "public"."User"."email", "public"."User"."name", "public"."User"."createdAt"

-- case: trap: RETURNING does not see the SELECT that feeds the INSERT (fails: 42703)
-- before
CREATE TABLE a (id int, note text);
CREATE TABLE b (id int, note text);
-- migration
ALTER TABLE a DROP COLUMN note;
-- query
INSERT INTO a (id) SELECT id FROM b RETURNING note

-- case: trap: a column that goes from the table behind FROM is still one of the target (works)
-- before
CREATE TABLE a (id int, note text);
CREATE TABLE b (bid int, other text, old text);
-- migration
ALTER TABLE b DROP COLUMN old;
-- query
UPDATE a SET note = b.other FROM b WHERE b.bid = a.id RETURNING note, other

-- case: trap: RETURNING * of an UPDATE holds the columns of FROM too (fails: 42702)
-- before
CREATE TABLE a (id int, note text);
CREATE TABLE b (bid int, other text);
-- migration
ALTER TABLE b ADD COLUMN note text;
-- query
UPDATE a SET note = other FROM b WHERE bid = id RETURNING note

-- case: trap: the name of the table after an alias is given (fails: 42703)
-- before
CREATE TABLE users (id int, name text);
CREATE TABLE u (id int, name text);
-- migration
ALTER TABLE users DROP COLUMN name;
-- query
UPDATE users AS u SET id = $1 RETURNING u.name
