-- Let generations serve and make the views anew; false where the views were what the digest says.
-- $1 schemas that join   $2 the views' texts   $3 their digest
SELECT ops.publish($1::text[], $2::text, $3::text)
