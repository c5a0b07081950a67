-- What people are called on a page: by their names, else by what they sign in with; who is erased has no name.
-- $1 tenant   $2 accounts
SELECT u.id, coalesce(u.name, u.username, u.email) AS name
  FROM read.users AS u
 WHERE u.tenant_id = $1::uuid AND u.id = ANY ($2::uuid[]) AND u.erased_at IS NULL
