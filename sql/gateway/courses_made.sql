-- Whether the read models of courses were ever made. No parameters.
SELECT to_regclass('read.courses') IS NOT NULL
