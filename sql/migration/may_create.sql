-- Tell whether this role may make a schema here, and tables in the schema that yoyo keeps its books in.
-- No parameters.
SELECT has_database_privilege(current_database(), 'CREATE')
       AND has_schema_privilege(current_schema(), 'CREATE') AS may_create
