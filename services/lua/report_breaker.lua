-- Tell the breaker how it went.
-- KEYS: the breaker (hash)
-- ARGV: 1 for a failure of the gateway or 0, failures in a row that open it, how long it stays open in milliseconds
-- Returns 1 when this report opened it.
if ARGV[1] == '0' then
  redis.call('DEL', KEYS[1])
  return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[3] * 10)
if failures < tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'open_until', now + ARGV[3])
return failures == tonumber(ARGV[2]) and 1 or 0
