-- Promise to read an account from the database: the lease is void as soon as the account's entry is deleted.
-- KEYS: the account's entry (hash)  ARGV: a new lease, the entry's lifetime in seconds
if redis.call('HSETNX', KEYS[1], 'lease', ARGV[1]) == 1 then
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return redis.call('HGET', KEYS[1], 'lease')
