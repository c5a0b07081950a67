-- Give every event its receipt, note what types occur where, and put the head and the projections' tail behind the
-- last one; returns its position. No parameters.
WITH receipts AS (
    INSERT INTO log.receipts (key, position, events, fingerprint)
    SELECT gen_random_uuid(), e.position, 1, '' FROM log.events AS e
), last AS (
    SELECT max(e.position) AS position, max(e.recorded_at) AS recorded_at FROM log.events AS e
), head AS (
    UPDATE log.head AS h SET position = last.position, recorded_at = last.recorded_at FROM last
), noted AS (
    SELECT ops.note_types(0, last.position) AS types FROM last
)
UPDATE ops.tail AS t SET position = last.position FROM last, noted WHERE noted.types IS NOT NULL RETURNING t.position
