-- Take one message of a number out of all of a gateway's windows at once, or out of none.
-- KEYS: what the gateway sent to the number (sorted set, score = milliseconds)
-- ARGV: message id, then a triple of (limit, window in milliseconds or 0 for the day in China, name) each
-- Returns {} or {name, milliseconds to wait} of the window that is full for the longest.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local DAY, CHINA = 86400000, 28800000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - DAY)
local full, longest = nil, 0
for i = 2, #ARGV, 3 do
  local limit, window = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  local midnight = now - (now + CHINA) % DAY
  local since = window == 0 and midnight - 1 or now - window
  if redis.call('ZCOUNT', KEYS[1], '(' .. string.format('%.0f', since), '+inf') >= limit then
    local wait = midnight + DAY - now
    if window > 0 then
      wait = redis.call('ZREVRANGE', KEYS[1], limit - 1, limit - 1, 'WITHSCORES')[2] + window - now
    end
    if wait > longest then full, longest = ARGV[i + 2], wait end
  end
end
if full then return {full, longest} end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], DAY)
return {}
