-- Make a used challenge good again: what its code was for failed through no fault of the shopper, or nobody heard that it was right.
-- KEYS: the challenge (hash)  ARGV: the id of the guess that used it, so that no other is undone
local kept = redis.call('HMGET', KEYS[1], 'state', 'used_by')
if kept[1] == 'used' and kept[2] == ARGV[1] then
  redis.call('HSET', KEYS[1], 'state', 'open')
  redis.call('HINCRBY', KEYS[1], 'attempts', -1)
end
