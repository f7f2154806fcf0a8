-- case: success: grouping sets over what stays
-- before
CREATE TABLE sales (region text, product text, amount numeric, old text);
-- migration
ALTER TABLE sales DROP COLUMN old;
-- query
SELECT region, product, sum(amount), grouping(region, product) FROM sales GROUP BY GROUPING SETS ((region, product), (region), ())
-- query
SELECT region, count(*) FROM sales GROUP BY ROLLUP (region)
-- query
SELECT region, product, max(amount) FROM sales GROUP BY CUBE (region, product) HAVING grouping(region) = 0 ORDER BY 1, 2
-- query
SELECT region, sum(amount) FROM sales GROUP BY DISTINCT ROLLUP (region, product), ROLLUP (region)

-- case: failure: a column of a grouping set goes
-- before
CREATE TABLE sales (region text, product text, amount numeric);
-- migration
ALTER TABLE sales DROP COLUMN product;
-- query
SELECT region, sum(amount) FROM sales GROUP BY GROUPING SETS ((region, product), ())
-- query
SELECT region, sum(amount) FROM sales GROUP BY ROLLUP (region, product)
-- query
SELECT region, sum(amount) FROM sales GROUP BY CUBE (product, region)

-- case: trap: an added column wins over the alias inside ROLLUP (fails: 42803)
-- before
CREATE TABLE sales (placed timestamptz, amount numeric);
-- migration
ALTER TABLE sales ADD COLUMN day date;
-- query
SELECT date_trunc('day', placed) AS day, sum(amount) FROM sales GROUP BY ROLLUP (day)

-- case: trap: a dropped column has the name of the grouping (works)
-- before
CREATE TABLE sales (region text, rollup text);
-- migration
ALTER TABLE sales DROP COLUMN rollup;
-- query
SELECT region FROM sales GROUP BY ROLLUP ((region))
