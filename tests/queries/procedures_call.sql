-- case: success: a procedure that stays
-- stage: execute
-- before
CREATE TABLE log (id int, text text);
CREATE PROCEDURE note(a int, b text DEFAULT 'x') LANGUAGE sql AS $$ INSERT INTO log VALUES (a, b) $$;
-- migration
ALTER TABLE log ADD COLUMN at timestamptz DEFAULT now();
-- query
CALL note(1, 'a')
-- query
CALL public.note(a => 1)

-- case: failure: a procedure is dropped
-- stage: execute
-- before
CREATE TABLE log (id int);
CREATE PROCEDURE note(a int) LANGUAGE sql AS $$ INSERT INTO log VALUES (a) $$;
-- migration
DROP PROCEDURE note(int);
-- query
CALL note(1)

-- case: failure: a procedure gains a parameter
-- stage: execute
-- before
CREATE PROCEDURE note(a int) LANGUAGE plpgsql AS $$ BEGIN END $$;
-- migration
DROP PROCEDURE note(int);
CREATE PROCEDURE note(a int, b int) LANGUAGE plpgsql AS $$ BEGIN END $$;
-- query
CALL note(1)

-- case: trap: a function of the name is not called (fails: 42809)
-- stage: execute
-- before
CREATE PROCEDURE note(a int) LANGUAGE plpgsql AS $$ BEGIN END $$;
-- migration
DROP PROCEDURE note(int);
CREATE FUNCTION note(a int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN END $$;
-- query
CALL note(1)

-- case: trap: the body names a column that is gone (fails: 42703)
-- stage: execute
-- before
CREATE TABLE log (id int, message text);
CREATE PROCEDURE note(a int) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log (id, message) VALUES (a, 'x'); END $$;
-- migration
ALTER TABLE log DROP COLUMN message;
-- query
CALL note(1)

-- case: trap: the body names a column that is gone in a branch that is not taken (works)
-- stage: execute
-- before
CREATE TABLE log (id int, message text);
CREATE PROCEDURE note(a int) LANGUAGE plpgsql AS $$ BEGIN IF a > 5 THEN UPDATE log SET message = 'x'; END IF; END $$;
-- migration
ALTER TABLE log DROP COLUMN message;
-- query
CALL note(1)
