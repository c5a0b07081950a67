-- Where all live projections stand. No parameters.
SELECT position FROM ops.tail
