-- Drop the generations that are retired and that no reader holds any more. No parameters.
SELECT ops.sweep()
