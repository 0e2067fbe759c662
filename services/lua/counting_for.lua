-- For how long sends have been counted here: a Redis that lost its data begins anew.
-- KEYS: the mark  ARGV: its lifetime, and after how long it stays for good, in milliseconds
-- Returns milliseconds, or -1 for good.
local left = redis.call('PTTL', KEYS[1])
if left == -2 then
  redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])
  return 0
end
if left == -1 then return -1 end
local age = ARGV[1] - left
if age < tonumber(ARGV[2]) then return age end
redis.call('PERSIST', KEYS[1])
return -1
