-- Put one message back into budgets; a counter that has expired, or has none, stays as it is.
-- KEYS: a counter each
for _, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') > 0 then
    redis.call('DECR', key)
  end
end
