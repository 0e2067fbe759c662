-- Take something away from what debtors owe of the hour of one minute; what has expired stays away.
-- KEYS: the site (hash), then a debtor each (hash)
-- ARGV: minute, how much (in halves of a message), the site's field, and what is added to that
local hour = math.floor(ARGV[1] / 60)
for i = 2, #KEYS do
  if redis.call('HEXISTS', KEYS[i], hour) == 1 then
    redis.call('HINCRBY', KEYS[i], hour, -ARGV[2])
  end
end
local field = ARGV[3] .. ':' .. ARGV[1]
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HINCRBY', KEYS[1], field, ARGV[4])
end
