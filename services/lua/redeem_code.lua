-- Count a guess, compare it, and use the challenge up if it is right: one act.
-- KEYS: the challenge (hash), the phone's wrong guesses (sorted set, score = milliseconds)
-- ARGV: attempts per challenge, wrong guesses per day, purposes allowed (",a,b,"), subject, guess id, then the guess's digests
-- Returns {"ok", sealed} or {refusal, attempts left or milliseconds to wait}.
local challenge, guesses = KEYS[1], KEYS[2]
local attempts_allowed = tonumber(ARGV[1])
local kept = redis.call('HMGET', challenge, 'state', 'purpose', 'subject', 'attempts', 'check', 'sealed')
local purpose = kept[2]

if kept[1] ~= 'open' or kept[3] ~= ARGV[4] or tonumber(kept[4]) >= attempts_allowed
    or not string.find(ARGV[3], ',' .. purpose .. ',', 1, true) then
  return {'code_expired', 0}
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local DAY = 86400000
redis.call('ZREMRANGEBYSCORE', guesses, '-inf', now - DAY)
local decisive = redis.call('ZREVRANGE', guesses, ARGV[2] - 1, ARGV[2] - 1, 'WITHSCORES')[2]
if decisive then
  return {'rate_limited', decisive + DAY - now}
end

local attempts = redis.call('HINCRBY', challenge, 'attempts', 1)
for i = 6, #ARGV do
  if ARGV[i] == kept[5] then
    redis.call('HSET', challenge, 'state', 'used', 'used_by', ARGV[5])
    return {'ok', kept[6]}
  end
end
redis.call('ZADD', guesses, now, ARGV[5])
redis.call('PEXPIRE', guesses, DAY)
return {'code_incorrect', attempts_allowed - attempts}
