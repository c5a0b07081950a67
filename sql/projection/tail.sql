-- Where all live projections stand, and what signs the notifications of it. No parameters.
SELECT position, secret FROM ops.tail
