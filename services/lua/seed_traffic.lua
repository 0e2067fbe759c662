-- Put back the traffic of hours that were lost; only the first who does so since the loss has an effect.
-- KEYS: the verified messages by the hour (hash), then for each hour the messages sent in it
-- ARGV: lifetime in seconds, then for each hour a triple of (hour, verified, sent)
-- What was counted since the loss is in the numbers too, so the larger of the two holds.
if redis.call('HSETNX', KEYS[1], 'seeded', 1) == 0 then
  return 0
end
for i = 2, #KEYS do
  local hour, verified, sent = unpack(ARGV, i * 3 - 4, i * 3 - 2)
  if tonumber(verified) > tonumber(redis.call('HGET', KEYS[1], hour) or '0') then
    redis.call('HSET', KEYS[1], hour, verified)
  end
  if tonumber(sent) > tonumber(redis.call('GET', KEYS[i]) or '0') then
    redis.call('SET', KEYS[i], sent, 'EX', ARGV[1])
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
