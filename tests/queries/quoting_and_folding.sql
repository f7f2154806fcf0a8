-- case: success: an unquoted name folds to lower case
-- before
CREATE TABLE Users (Id int PRIMARY KEY, FirstName text, lastname text);
-- migration
ALTER TABLE users DROP COLUMN lastname;
-- query
SELECT ID, FirstName FROM USERS WHERE FIRSTNAME = $1
-- query
SELECT "id", "firstname" FROM "users"

-- case: failure: a quoted camel-case column is renamed to snake case
-- before
CREATE TABLE "User" ("id" int PRIMARY KEY, "createdAt" timestamptz);
-- migration
ALTER TABLE "User" RENAME COLUMN "createdAt" TO created_at;
-- query
SELECT "User"."id", "User"."createdAt" FROM "User" WHERE "User"."id" = $1
-- query
SELECT u."createdAt" FROM "User" u ORDER BY u."createdAt" DESC LIMIT 10

-- case: failure-before: an unquoted name does not find the quoted column until it is renamed
-- before
CREATE TABLE users (id int PRIMARY KEY, "createdAt" timestamptz);
-- migration
ALTER TABLE users RENAME COLUMN "createdAt" TO createdat;
-- query
SELECT createdAt FROM users

-- case: trap: two columns differ in case only and the quoted one goes (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, "Name" text);
-- migration
ALTER TABLE users DROP COLUMN "Name";
-- query
SELECT Name FROM users
-- query
SELECT u.NAME FROM users u WHERE u."name" = $1

-- case: trap: two columns differ in case only and the folded one goes (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY, name text, "Name" text);
-- migration
ALTER TABLE users DROP COLUMN name;
-- query
SELECT Name FROM users

-- case: trap: a quoted table beside the folded one of the same letters (works)
-- before
CREATE TABLE "Order" (id int PRIMARY KEY, total numeric);
CREATE TABLE "order" (id int PRIMARY KEY, total numeric);
-- migration
DROP TABLE "order";
-- query
SELECT total FROM "Order" WHERE id = $1

-- case: failure: a column with a reserved word for its name goes
-- before
CREATE TABLE prefs (id int PRIMARY KEY, "user" text, "order" int);
-- migration
ALTER TABLE prefs DROP COLUMN "user";
-- query
SELECT "user" FROM prefs WHERE id = $1
-- query
SELECT p.user FROM prefs p WHERE p.id = $1

-- case: trap: the bare word user is the session's user and no column (works)
-- before
CREATE TABLE prefs (id int PRIMARY KEY, "user" text);
-- migration
ALTER TABLE prefs DROP COLUMN "user";
-- query
SELECT id, user FROM prefs WHERE id = $1

-- case: trap: a double-quoted word was a column and never a string (fails: 42703)
-- before
CREATE TABLE users (id int PRIMARY KEY, role text, admin text);
-- migration
ALTER TABLE users DROP COLUMN admin;
-- query
SELECT id FROM users WHERE role = "admin"

-- case: trap: a single-quoted word is a string even when a column has that name (works)
-- before
CREATE TABLE users (id int PRIMARY KEY, role text, admin text);
-- migration
ALTER TABLE users DROP COLUMN admin;
-- query
SELECT id FROM users WHERE role = 'admin'

-- case: success: Unicode escapes and doubled quotes name the same column
-- before
CREATE TABLE t (id int PRIMARY KEY, "a""b" text, "größe" int, gone int);
-- migration
ALTER TABLE t DROP COLUMN gone;
-- query
SELECT "a""b", U&"gr\00F6\00DFe", größe FROM t

-- case: failure: a name written with Unicode escapes goes
-- before
CREATE TABLE t (id int PRIMARY KEY, data int);
-- migration
ALTER TABLE t DROP COLUMN data;
-- query
SELECT U&"d\0061t\+000061" FROM t

-- case: trap: names are cut at 63 bytes before they are looked up (works)
-- before
CREATE TABLE t (id int PRIMARY KEY, a_very_long_column_name_that_goes_on_and_on_until_it_is_longer_than_allowed int);
-- migration
ALTER TABLE t ADD COLUMN b int;
-- query
SELECT a_very_long_column_name_that_goes_on_and_on_until_it_is_longer_than_the_other FROM t
