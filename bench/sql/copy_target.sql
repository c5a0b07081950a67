-- Make a table identical to log.events, both indexes too, for COPY to fill. No parameters.
CREATE TABLE IF NOT EXISTS public.copied (LIKE log.events INCLUDING ALL)
