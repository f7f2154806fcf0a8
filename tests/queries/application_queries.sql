-- case: failure: an eager load of an ORM names every column of two tables
-- before
CREATE TABLE posts (id bigint PRIMARY KEY, title varchar, body text, user_id bigint, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE TABLE comments (id bigint PRIMARY KEY, post_id bigint, author varchar, body text, spam boolean DEFAULT false);
-- migration
ALTER TABLE comments DROP COLUMN spam;
-- query
SELECT "posts"."id" AS t0_r0, "posts"."title" AS t0_r1, "posts"."body" AS t0_r2, "posts"."user_id" AS t0_r3, "posts"."created_at" AS t0_r4, "posts"."updated_at" AS t0_r5, "comments"."id" AS t1_r0, "comments"."post_id" AS t1_r1, "comments"."author" AS t1_r2, "comments"."body" AS t1_r3, "comments"."spam" AS t1_r4 FROM "posts" LEFT OUTER JOIN "comments" ON "comments"."post_id" = "posts"."id" WHERE "posts"."user_id" = $1 ORDER BY "posts"."created_at" DESC

-- case: success: an ORM that selects with a star and counts
-- before
CREATE TABLE posts (id bigint PRIMARY KEY, title varchar, user_id bigint, deleted_at timestamp, legacy text);
-- migration
ALTER TABLE posts DROP COLUMN legacy;
-- query
SELECT "posts".* FROM "posts" WHERE "posts"."deleted_at" IS NULL AND "posts"."user_id" IN ($1, $2, $3) ORDER BY "posts"."id" ASC LIMIT $4
-- query
SELECT COUNT(*) FROM (SELECT 1 AS one FROM "posts" WHERE "posts"."user_id" = $1 LIMIT $2) subquery_for_count
-- query
SELECT 1 AS one FROM "posts" WHERE "posts"."title" = $1 AND "posts"."id" != $2 LIMIT $3

-- case: trap: the ORM's alias for a table has the name of a dropped table (works)
-- before
CREATE TABLE t0 (id int, label text);
CREATE TABLE "Post" ("id" serial PRIMARY KEY, "title" text NOT NULL, "authorId" int);
CREATE TABLE "User" ("id" serial PRIMARY KEY, "email" text NOT NULL);
-- migration
DROP TABLE t0;
-- query
SELECT "t0"."id", "t0"."title", "t1"."email" FROM "public"."Post" AS "t0" LEFT JOIN "public"."User" AS "t1" ON "t1"."id" = "t0"."authorId" WHERE ("t0"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3

-- case: failure: nested json of a query builder
-- before
CREATE TABLE authors (id bigint PRIMARY KEY, name text, bio text);
CREATE TABLE books (id bigint PRIMARY KEY, author_id bigint, title text, isbn text, published_on date);
-- migration
ALTER TABLE books RENAME COLUMN isbn TO isbn13;
-- query
SELECT coalesce(json_agg("root"), '[]') AS "root"
FROM (
  SELECT row_to_json((SELECT "e" FROM (SELECT "a"."id" AS "id", "a"."name" AS "name", "books"."books" AS "books") AS "e")) AS "root"
  FROM (SELECT * FROM "public"."authors" WHERE "public"."authors"."id" = $1) AS "a"
  LEFT OUTER JOIN LATERAL (
    SELECT coalesce(json_agg("books"), '[]') AS "books"
    FROM (
      SELECT row_to_json((SELECT "e" FROM (SELECT "b"."title" AS "title", "b"."isbn" AS "isbn") AS "e")) AS "books"
      FROM (SELECT * FROM "public"."books" WHERE "a"."id" = "author_id" ORDER BY "published_on" DESC NULLS LAST) AS "b"
    ) AS "books"
  ) AS "books" ON true
) AS "root"

-- case: success: the same query when another column goes
-- before
CREATE TABLE authors (id bigint PRIMARY KEY, name text, bio text);
CREATE TABLE books (id bigint PRIMARY KEY, author_id bigint, title text, isbn text, published_on date);
-- migration
ALTER TABLE authors DROP COLUMN bio;
-- query
SELECT coalesce(json_agg("root"), '[]') AS "root"
FROM (
  SELECT row_to_json((SELECT "e" FROM (SELECT "a"."id" AS "id", "a"."name" AS "name", "books"."books" AS "books") AS "e")) AS "root"
  FROM (SELECT * FROM "public"."authors" WHERE "public"."authors"."id" = $1) AS "a"
  LEFT OUTER JOIN LATERAL (
    SELECT coalesce(json_agg("books"), '[]') AS "books"
    FROM (
      SELECT row_to_json((SELECT "e" FROM (SELECT "b"."title" AS "title", "b"."isbn" AS "isbn") AS "e")) AS "books"
      FROM (SELECT * FROM "public"."books" WHERE "a"."id" = "author_id" ORDER BY "published_on" DESC NULLS LAST) AS "b"
    ) AS "books"
  ) AS "books" ON true
) AS "root"

-- case: failure: a bulk write of arrays
-- before
CREATE TABLE readings (sensor_id bigint, at timestamptz, value double precision, quality smallint, PRIMARY KEY (sensor_id, at));
-- migration
ALTER TABLE readings DROP CONSTRAINT readings_pkey;
-- query
INSERT INTO readings (sensor_id, at, value, quality)
SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::float8[], $4::smallint[])
ON CONFLICT (sensor_id, at) DO UPDATE SET value = EXCLUDED.value, quality = EXCLUDED.quality
WHERE readings.value IS DISTINCT FROM EXCLUDED.value

-- case: trap: the bulk write when the array no longer casts to the column by assignment (fails: 42804)
-- before
CREATE TABLE readings (sensor_id bigint, at timestamptz, value double precision, PRIMARY KEY (sensor_id, at));
-- migration
ALTER TABLE readings ALTER COLUMN value TYPE jsonb USING to_jsonb(value);
-- query
INSERT INTO readings (sensor_id, at, value) SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::float8[])

-- case: trap: a filter with an optional parameter after the column becomes a narrower number (works)
-- before
CREATE TABLE products (id bigint PRIMARY KEY, name text, price numeric(10,2), category_id bigint, tags text[]);
-- migration
ALTER TABLE products ALTER COLUMN category_id TYPE int;
-- query
SELECT p.id, p.name, p.price, count(*) OVER () AS total
FROM products p
WHERE ($1::text IS NULL OR p.name ILIKE '%' || $1 || '%')
  AND ($2::numeric IS NULL OR p.price >= $2)
  AND ($3::bigint IS NULL OR p.category_id = $3)
  AND (cardinality($4::text[]) = 0 OR p.tags && $4)
ORDER BY
  CASE WHEN $5::text = 'price' THEN p.price END ASC,
  CASE WHEN $5::text = 'name' THEN p.name END ASC,
  p.id
LIMIT $6 OFFSET $7

-- case: failure: a dashboard over a column that becomes text
-- before
CREATE TABLE sessions (id bigint PRIMARY KEY, user_id bigint NOT NULL, started_at timestamptz NOT NULL, seconds int NOT NULL, plan text NOT NULL);
-- migration
ALTER TABLE sessions ALTER COLUMN seconds TYPE text;
-- query
WITH days AS (
    SELECT generate_series(date_trunc('day', $1::timestamptz), $2::timestamptz, interval '1 day') AS day
), use AS (
    SELECT date_trunc('day', started_at) AS day, plan,
           count(DISTINCT user_id) AS users,
           sum(seconds) / 3600.0 AS hours,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95
    FROM sessions
    WHERE started_at BETWEEN $1 AND $2
    GROUP BY 1, 2
)
SELECT d.day, p.plan, coalesce(u.users, 0) AS users, coalesce(u.hours, 0) AS hours, u.p95,
       sum(u.users) OVER (PARTITION BY p.plan ORDER BY d.day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS weekly
FROM days d
CROSS JOIN (SELECT DISTINCT plan FROM sessions) p
LEFT JOIN use u ON u.day = d.day AND u.plan = p.plan
ORDER BY d.day, p.plan

-- case: failure-before: the new release reads, writes and upserts what the migration adds
-- before
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
-- migration
CREATE TYPE plan AS ENUM ('free', 'paid');
ALTER TABLE users ADD COLUMN plan plan NOT NULL DEFAULT 'free';
CREATE UNIQUE INDEX users_email_lower ON users (lower(email));
CREATE TABLE invitations (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint REFERENCES users, token uuid NOT NULL DEFAULT gen_random_uuid());
CREATE VIEW paying AS SELECT id, email FROM users WHERE plan = 'paid';
CREATE FUNCTION domain_of(email text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT split_part(email, '@', 2) $$;
CREATE SEQUENCE receipts;
-- query
SELECT id, plan FROM users WHERE plan = 'paid'
-- query
UPDATE users SET plan = $1::plan WHERE id = $2
-- query
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (lower(email)) DO NOTHING
-- query
INSERT INTO invitations (user_id) VALUES ($1) RETURNING token
-- query
SELECT email FROM paying
-- query
SELECT domain_of(email), count(*) FROM users GROUP BY 1
-- query
SELECT nextval('receipts')

-- case: failure-before: the new release leaves out what the old schema requires
-- stage: execute
-- before
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, legacy_code text NOT NULL);
-- migration
ALTER TABLE users ALTER COLUMN legacy_code DROP NOT NULL;
-- query
INSERT INTO users (id, email) VALUES (1, 'a@b.c')
