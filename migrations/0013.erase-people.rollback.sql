-- Undoes erase-people.
SELECT;
