-- Take something away from what debtors owe of the hour of one minute, and all that others owe; what has expired stays away.
-- Who owes nothing once an act was given back is not kept: a debtor can be made up.
-- KEYS: the site (hash), then a debtor each (hash), then those who are strict, then those who owe nothing more
-- ARGV: minute, how much (in halves of a message), the site's field, what is added to that, how many debtors of the first kind,
--       how many who are strict, and how much that is for these
local site, debtors, strict, hour = KEYS[1], tonumber(ARGV[5]), tonumber(ARGV[6]), math.floor(ARGV[1] / 60)
for i = 2, debtors + strict + 1 do
  if redis.call('HEXISTS', KEYS[i], hour) == 1 then
    local owed = redis.call('HINCRBY', KEYS[i], hour, -ARGV[i <= debtors + 1 and 2 or 7])
    if owed == 0 and ARGV[3] == 'a' then redis.call('HDEL', KEYS[i], hour) end
  end
end
for i = debtors + strict + 2, #KEYS do
  redis.call('DEL', KEYS[i])
end
if redis.call('EXISTS', site) == 1 then
  redis.call('HINCRBY', site, ARGV[3] .. ':' .. ARGV[1], ARGV[4])
end
