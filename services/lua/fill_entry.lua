-- Keep what was read, unless the account changed since the lease was taken.
-- KEYS: the account's entry (hash)  ARGV: the lease, then fields and values
if redis.call('HGET', KEYS[1], 'lease') == ARGV[1] then
  redis.call('HSET', KEYS[1], unpack(ARGV, 2))
end
