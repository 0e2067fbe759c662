-- Weigh what those who stand behind a request owe; let it through and count it, or say how hard the work must be: one act.
-- KEYS: the site (hash), the solution (string), what was asked for the phone (list), then a debtor each (hash)
-- ARGV: minute, minutes that a debt lasts, minutes not judged yet, minutes judged, least bad for an alarm, least share
--       that is made good, level in any case, level solved, seconds to remember the solution, 1 to count it (0: only look),
--       what to note for the phone (or nothing), then for each debtor what it may owe in calm, under alarm, and 1 if it
--       owes this too
-- A debtor has what it owes by the minute, in halves: a message is two, one that is made good takes three away. The site has
-- by the minute what was let through (a), made good (g), and refused under alarm alone and not solved for since (r).
-- Returns {level, 1 if let through, 1 under alarm}.
local now, lasts = tonumber(ARGV[1]), tonumber(ARGV[2])
local least, solved = tonumber(ARGV[7]), tonumber(ARGV[8])
local counts, note = ARGV[10] == '1', ARGV[11]
local site, spent, asked, FIRST = KEYS[1], KEYS[2], KEYS[3], 4

local function fields(key)
  local flat, out = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do
    local minute = tonumber(string.match(flat[i], '%d+$'))
    if minute <= now - lasts then
      redis.call('HDEL', key, flat[i])
    else
      table.insert(out, {minute, string.sub(flat[i], 1, 1), tonumber(flat[i + 1])})
    end
  end
  return out
end

local function is_alarm()
  local sum = {a = 0, g = 0, r = 0}
  local newest = now - tonumber(ARGV[3])
  for _, field in ipairs(fields(site)) do
    if field[1] <= newest and field[1] > newest - tonumber(ARGV[4]) then
      sum[field[2]] = sum[field[2]] + field[3]
    end
  end
  local all = sum.a + math.max(0, sum.r)
  return all - sum.g >= tonumber(ARGV[5]) and sum.g < all * tonumber(ARGV[6])
end

-- A second message to a phone is weighed as if the first had not been: it may have been lost.
local function again()
  for _, entry in ipairs(note ~= '' and redis.call('LRANGE', asked, 0, -1) or {}) do
    if string.find(entry, KEYS[FIRST], 1, true) then return 2 end
  end
  return 0
end

local function level_of(owed, may)
  if owed < may then return 0 end
  return owed >= may * 4 and 3 or owed >= may * 2 and 2 or 1
end

local alarm, discount = is_alarm(), again()
local level, calm = least, least
for i = FIRST, #KEYS do
  local owed = -discount
  for _, field in ipairs(fields(KEYS[i])) do owed = owed + field[3] end
  local may = 12 + (i - FIRST) * 3
  calm = math.max(calm, level_of(owed / 2, tonumber(ARGV[may])))
  level = math.max(level, level_of(owed / 2, tonumber(ARGV[alarm and may + 1 or may])))
end

local function add(key, field, amount)
  redis.call('HINCRBY', key, field, amount)
  redis.call('EXPIRE', key, lasts * 60)
end

local passes = level == 0
if level > 0 and solved >= level then
  passes = redis.call('SET', spent, 1, 'NX', 'EX', ARGV[9]) and true
end
if counts then
  if passes then
    for i = FIRST, #KEYS do
      if ARGV[14 + (i - FIRST) * 3] == '1' then add(KEYS[i], now, 2) end
    end
    add(site, 'a:' .. now, 1)
    if note ~= '' then
      redis.call('RPUSH', asked, note)
      redis.call('EXPIRE', asked, lasts * 60)
    end
  end
  if level > 0 and calm == 0 then add(site, 'r:' .. now, passes and -1 or 1) end
end
return {level, passes and 1 or 0, alarm and 1 or 0}
