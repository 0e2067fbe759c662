-- Counts a mail to an address, once for each id. KEYS[1]: the ids of the day's mails; ARGV: id, most, seconds.
-- 1 if it may be sent, 0 if the address has had its share; the day begins with the first mail.
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then
  return 1
end
local count = redis.call('SCARD', KEYS[1])
if count >= tonumber(ARGV[2]) then
  return 0
end
redis.call('SADD', KEYS[1], ARGV[1])
if count == 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return 1
