-- Weigh what those who stand behind a request owe; let it through and count it, or say how hard the work must be: one act.
-- KEYS: the site (hash), the solution (string), what was asked for the phone (list), then a debtor each (hash)
-- ARGV: minute, minutes that a debt lasts, minutes not judged yet, minutes judged, least bad for an alarm, least share
--       that is made good, level in any case, level solved, seconds to remember the solution, 1 to count it (0: only look),
--       what to note for the phone (or nothing), then for each debtor what it may owe in calm, under alarm, and 1 if it
--       owes this too
-- A debtor has what it owes by the minute, in halves: a message is two, one that is made good takes three away. The site has
-- by the minute what was let through (a), made good (g), and refused under alarm alone and not solved for since (r), and the
-- verdict of the minute that it was judged in last (alarm).
-- Returns {level, 1 if let through, 1 under alarm}.
local now, lasts = tonumber(ARGV[1]), tonumber(ARGV[2])
local least, solved = tonumber(ARGV[7]), tonumber(ARGV[8])
local counts, note = ARGV[10] == '1', ARGV[11]
local site, spent, asked, FIRST = KEYS[1], KEYS[2], KEYS[3], 4
local NEVER = 1000000000

local function sums_of_site()
  local sums = {a = 0, g = 0, r = 0}
  local newest = now - tonumber(ARGV[3])
  local flat = redis.call('HGETALL', site)
  for i = 1, #flat, 2 do
    local what, minute = string.match(flat[i], '(%a):(%d+)')
    minute = tonumber(minute)
    if minute and minute <= now - lasts then
      redis.call('HDEL', site, flat[i])
    elseif minute and minute <= newest and minute > newest - tonumber(ARGV[4]) then
      sums[what] = sums[what] + flat[i + 1]
    end
  end
  return sums
end

-- Once a minute: those that are judged have had their time.
local function is_alarm()
  local judged, verdict = string.match(redis.call('HGET', site, 'alarm') or '', '(%d+):(%d)')
  if tonumber(judged) == now then return verdict == '1' end
  local sums = sums_of_site()
  local all = sums.a + math.max(0, sums.r)
  local bad = all - sums.g >= tonumber(ARGV[5]) and sums.g < all * tonumber(ARGV[6])
  if all > 0 then redis.call('HSET', site, 'alarm', now .. ':' .. (bad and 1 or 0)) end
  return bad
end

local function owes(key)
  local owed, flat = 0, redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    if tonumber(flat[i]) <= now - lasts then
      redis.call('HDEL', key, flat[i])
    else
      owed = owed + flat[i + 1]
    end
  end
  return owed
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
  local may = 12 + (i - FIRST) * 3
  local in_calm, under_alarm = tonumber(ARGV[may]), tonumber(ARGV[may + 1])
  if alarm or in_calm < NEVER then
    local owed = (owes(KEYS[i]) - discount) / 2
    calm = math.max(calm, level_of(owed, in_calm))
    level = math.max(level, level_of(owed, alarm and under_alarm or in_calm))
  end
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
