-- Make a used challenge good again, when what its code was for failed through no fault of the shopper.
-- KEYS: the challenge (hash)
if redis.call('HGET', KEYS[1], 'state') == 'used' then
  redis.call('HSET', KEYS[1], 'state', 'open')
  redis.call('HINCRBY', KEYS[1], 'attempts', -1)
end
