-- case: success: parent and child are read
-- before
CREATE TABLE animals (id int, name text, old text);
CREATE TABLE dogs (breed text) INHERITS (animals);
-- migration
ALTER TABLE animals DROP COLUMN old;
-- query
SELECT id, name FROM animals
-- query
SELECT id, name, breed FROM dogs
-- query
SELECT name FROM ONLY animals

-- case: failure: a column dropped from the parent goes from the child
-- before
CREATE TABLE animals (id int, name text);
CREATE TABLE dogs (breed text) INHERITS (animals);
-- migration
ALTER TABLE animals DROP COLUMN name;
-- query
SELECT name FROM dogs
-- query
SELECT name FROM animals*

-- case: failure: a column of the child goes
-- before
CREATE TABLE animals (id int, name text);
CREATE TABLE dogs (breed text) INHERITS (animals);
-- migration
ALTER TABLE dogs DROP COLUMN breed;
-- query
SELECT breed FROM dogs

-- case: trap: a column that the child declares itself stays (works)
-- beyond: columns that a child declares itself are not told apart
-- before
CREATE TABLE animals (id int, name text);
CREATE TABLE dogs (name text, breed text) INHERITS (animals);
-- migration
ALTER TABLE animals DROP COLUMN name;
-- query
SELECT name FROM dogs

-- case: trap: dropped from the parent only, the child keeps the column (works)
-- beyond: columns that a child declares itself are not told apart
-- before
CREATE TABLE animals (id int, name text);
CREATE TABLE dogs (breed text) INHERITS (animals);
-- migration
ALTER TABLE ONLY animals DROP COLUMN name;
-- query
SELECT name FROM dogs

-- case: trap: dropped from the parent only, the parent has it no more (fails: 42703)
-- before
CREATE TABLE animals (id int, name text);
CREATE TABLE dogs (breed text) INHERITS (animals);
-- migration
ALTER TABLE ONLY animals DROP COLUMN name;
-- query
SELECT name FROM animals

-- case: trap: a child set free keeps the columns (works)
-- before
CREATE TABLE animals (id int, name text);
CREATE TABLE dogs (breed text) INHERITS (animals);
-- migration
ALTER TABLE dogs NO INHERIT animals;
ALTER TABLE animals DROP COLUMN name;
-- query
SELECT name, breed FROM dogs

-- case: trap: a column added to the parent stands last in the child (fails: 42804)
-- before
CREATE TABLE animals (id int, name text);
CREATE TABLE dogs (breed text, born date) INHERITS (animals);
-- migration
ALTER TABLE dogs DROP COLUMN breed;
ALTER TABLE animals ADD COLUMN weight int;
-- query
INSERT INTO dogs VALUES (1, 'Rex', 'Collie'::text)
