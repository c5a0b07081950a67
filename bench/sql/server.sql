-- What the server is and how durable it is. No parameters.
SELECT current_setting('server_version') AS postgresql, current_setting('fsync') AS fsync,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('full_page_writes') AS full_page_writes, current_setting('shared_buffers') AS shared_buffers
