-- Fold the events of some streams into a scratch generation, up to a position.
-- $1 schema   $2 streams   $3 position
SELECT ops.fold_streams($1::text, $2::uuid[], $3::bigint)
