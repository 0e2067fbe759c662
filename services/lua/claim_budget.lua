-- Take one message out of every budget that it falls under, or out of none; a refusal is counted too.
-- KEYS: a counter each, then the refusals of the day (hash)
-- ARGV: a pair of (limit, lifetime in seconds) each, then the lifetime of the refusals
-- Returns {0}, or the number of the first budget that is spent, and how often it has refused today.
local budgets, refusals = #KEYS - 1, KEYS[#KEYS]
for i = 1, budgets do
  if tonumber(redis.call('GET', KEYS[i]) or '0') >= tonumber(ARGV[i * 2 - 1]) then
    local refused = redis.call('HINCRBY', refusals, KEYS[i], 1)
    redis.call('EXPIRE', refusals, ARGV[#ARGV])
    return {i, refused}
  end
end
for i = 1, budgets do
  if redis.call('INCR', KEYS[i]) == 1 then
    redis.call('EXPIRE', KEYS[i], ARGV[i * 2])
  end
end
return {0}
