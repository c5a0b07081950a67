-- Make public.again(id, n), which turns a UUIDv7 into another that is as much later as n says. No parameters.
CREATE OR REPLACE FUNCTION public.again(id uuid, n bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (lpad(to_hex(('x' || left(translate(id::text, '-', ''), 12))::bit(48)::bigint + n * 1000000), 12, '0')
        || substr(translate(id::text, '-', ''), 13))::uuid
