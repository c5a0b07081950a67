-- Forget the subjects of a person who was erased before, in case anything came back: see ops.forget.
-- $1 subjects   $2 budget of locks in milliseconds
SELECT payloads, blanked, failed FROM ops.forget($1::uuid[], $2::integer)
