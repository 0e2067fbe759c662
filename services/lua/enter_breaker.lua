-- May a message go to this gateway? When the break is over, one may, to find out.
-- KEYS: the breaker (hash)  ARGV: how long a probe may take, in milliseconds
-- Returns 0 for yes, or the milliseconds to wait.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local open_until = tonumber(redis.call('HGET', KEYS[1], 'open_until') or '0')
if open_until == 0 then return 0 end
if open_until > now then return open_until - now end
redis.call('HSET', KEYS[1], 'open_until', now + ARGV[1])
return 0
