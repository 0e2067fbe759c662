-- Whether sends are counted here since less than a day: a Redis that lost its data begins anew, under another name or without the mark.
-- KEYS: the mark  ARGV: a day in milliseconds
-- Returns 1 or 0. A mark that nobody asked for within a day is gone, and then every window is empty anyway.
local day = tonumber(ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('SET', KEYS[1], 1, 'PX', 2 * day)
  return 1
end
if left > day then return 1 end
redis.call('PEXPIRE', KEYS[1], day)
return 0
