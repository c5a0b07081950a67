-- Whether an old generator's database has checks, which not every one of them had. No parameters.
SELECT to_regclass('lesson_checks') IS NOT NULL
