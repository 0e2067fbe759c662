-- Take one message out of every budget that it falls under, or out of none.
-- KEYS: a counter each  ARGV: a pair of (limit, lifetime in seconds) each
-- Returns 0, or the number of the first budget that is spent.
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') >= tonumber(ARGV[i * 2 - 1]) then
    return i
  end
end
for i, key in ipairs(KEYS) do
  if redis.call('INCR', key) == 1 then
    redis.call('EXPIRE', key, ARGV[i * 2])
  end
end
return 0
