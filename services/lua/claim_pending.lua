-- Take the message that is to be asked for now, so that nobody else asks: it is due again at the next of its times, or dropped.
-- KEYS: when each was noted, when to ask for each (sorted sets, score = milliseconds)
-- ARGV: after how many milliseconds to ask for a message, growing
-- Returns the message, sealed, or nothing.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local message = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 1)[1]
if not message then return false end
local noted = redis.call('ZSCORE', KEYS[1], message) or 0
for _, after in ipairs(ARGV) do
  if noted + after > now then
    redis.call('ZADD', KEYS[2], noted + after, message)
    return message
  end
end
redis.call('ZREM', KEYS[1], message)
redis.call('ZREM', KEYS[2], message)
return message
