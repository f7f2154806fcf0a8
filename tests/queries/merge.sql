-- case: success: every action on what stays
-- before
CREATE TABLE stock (sku text PRIMARY KEY, n int NOT NULL, old text);
CREATE TABLE deliveries (sku text, n int);
-- migration
ALTER TABLE stock DROP COLUMN old;
-- query
MERGE INTO stock s USING deliveries d ON d.sku = s.sku
WHEN MATCHED AND d.n < 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET n = s.n + d.n
WHEN NOT MATCHED AND d.n > 0 THEN INSERT (sku, n) VALUES (d.sku, d.n)
WHEN NOT MATCHED THEN DO NOTHING
-- query
MERGE INTO stock USING (VALUES ($1::text, $2::int)) AS v (sku, n) ON v.sku = stock.sku WHEN NOT MATCHED THEN INSERT VALUES (v.sku, v.n)

-- case: failure: a column of each action goes
-- before
CREATE TABLE stock (sku text PRIMARY KEY, n int, place text);
CREATE TABLE deliveries (sku text, n int);
-- migration
ALTER TABLE stock DROP COLUMN place;
-- query
MERGE INTO stock s USING deliveries d ON d.sku = s.sku AND s.place = 'x' WHEN MATCHED THEN DO NOTHING
-- query
MERGE INTO stock s USING deliveries d ON d.sku = s.sku WHEN MATCHED AND s.place IS NULL THEN DELETE
-- query
MERGE INTO stock s USING deliveries d ON d.sku = s.sku WHEN MATCHED THEN UPDATE SET place = 'x'
-- query
MERGE INTO stock s USING deliveries d ON d.sku = s.sku WHEN NOT MATCHED THEN INSERT (sku, place) VALUES (d.sku, 'x')

-- case: failure: a column of the source goes
-- before
CREATE TABLE stock (sku text PRIMARY KEY, n int);
CREATE TABLE deliveries (sku text, n int);
-- migration
ALTER TABLE deliveries RENAME COLUMN n TO quantity;
-- query
MERGE INTO stock s USING deliveries d ON d.sku = s.sku WHEN MATCHED THEN UPDATE SET n = s.n + d.n

-- case: trap: the target is not visible in WHEN NOT MATCHED and the source has the name (works)
-- before
CREATE TABLE stock (sku text PRIMARY KEY, n int);
CREATE TABLE deliveries (item text, amount int);
-- migration
ALTER TABLE stock ADD COLUMN item text;
-- query
MERGE INTO stock s USING deliveries d ON d.item = s.sku WHEN NOT MATCHED THEN INSERT (sku, n) VALUES (item, amount)

-- case: trap: a column added to the target is ambiguous where both are visible (fails: 42702)
-- before
CREATE TABLE stock (sku text PRIMARY KEY, n int);
CREATE TABLE deliveries (item text, amount int);
-- migration
ALTER TABLE stock ADD COLUMN amount int;
-- query
MERGE INTO stock s USING deliveries d ON d.item = s.sku WHEN MATCHED THEN UPDATE SET n = n + amount

-- case: trap: a view is no target of MERGE (fails: 0A000)
-- before
CREATE TABLE stock (sku text PRIMARY KEY, n int);
CREATE TABLE deliveries (sku text, n int);
-- migration
ALTER TABLE stock RENAME TO stocks;
CREATE VIEW stock AS SELECT * FROM stocks;
-- query
MERGE INTO stock s USING deliveries d ON d.sku = s.sku WHEN MATCHED THEN DELETE
