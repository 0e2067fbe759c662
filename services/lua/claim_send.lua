-- Take one message of a phone out of all its windows at once, or out of none, and keep the challenge it is for.
-- KEYS: the phone's sends (sorted set, score = milliseconds), the challenge (hash)
-- ARGV: cooldown in seconds, per hour, per day (0 is none), message id, attempts per challenge,
--       lifetime in seconds (0 for a resend), how many earlier messages follow, a pair of (id, age in milliseconds)
--       of each of those, then the fields of a new challenge
-- Returns {"ok", milliseconds left, sealed} or {refusal, milliseconds to wait}.
local sends, challenge = KEYS[1], KEYS[2]
local lifetime = tonumber(ARGV[6])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local DAY, HOUR = 86400000, 3600000

if lifetime == 0 then
  local living = redis.call('HMGET', challenge, 'state', 'attempts')
  if living[1] ~= 'open' or tonumber(living[2]) >= tonumber(ARGV[5]) or redis.call('PTTL', challenge) < 1000 then
    return {'code_expired', 0}
  end
end

-- What was sent before this Redis began to count; telling it twice changes nothing. It is in no cooldown: its code is lost.
local fields = 8 + 2 * tonumber(ARGV[7])
for i = 8, fields - 1, 2 do
  redis.call('ZADD', sends, 'NX', now - math.max(ARGV[i + 1], ARGV[1] * 1000), ARGV[i])
  redis.call('PEXPIRE', sends, DAY)
end
redis.call('ZREMRANGEBYSCORE', sends, '-inf', now - DAY)

local function wait(limit, window)
  if limit == 0 then return 0 end
  local decisive = redis.call('ZREVRANGE', sends, limit - 1, limit - 1, 'WITHSCORES')[2]
  return decisive and decisive + window - now or 0
end

local cooldown = tonumber(ARGV[1])
for _, rule in ipairs({
  {'sms_daily_limit', tonumber(ARGV[3]), DAY},
  {'sms_hourly_limit', tonumber(ARGV[2]), HOUR},
  {'sms_cooldown', cooldown > 0 and 1 or 0, cooldown * 1000},
}) do
  local left = wait(rule[2], rule[3])
  if left > 0 then return {rule[1], left} end
end

redis.call('ZADD', sends, now, ARGV[4])
redis.call('PEXPIRE', sends, DAY)
local left = lifetime * 1000
if lifetime > 0 then
  redis.call('HSET', challenge, unpack(ARGV, fields))
  redis.call('PEXPIRE', challenge, left)
else
  left = redis.call('PTTL', challenge)
end
return {'ok', left, redis.call('HGET', challenge, 'sealed')}
