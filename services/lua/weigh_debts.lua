-- Weigh what those who stand behind a request owe; let it through and count it, or say how hard the work must be: one act.
-- KEYS: the site (hash), the solution (string), what was asked for the phone (list), then a debtor each (hash)
-- ARGV: minute, minutes not judged yet, minutes judged, least bad for an alarm, least share that is made good, level in any
--       case, level that everybody is asked for, level solved, seconds to remember the solution, 1 to count it (0: only
--       look), what to note for the phone (or nothing), then for each debtor what it may owe in calm, under alarm, for how
--       many hours, and whether it owes this too: 0 no, 1 yes, 2 unless more work was done for it than everybody's
-- A debtor has what it owes by the hour, in halves: a message is two, one that is made good takes three away. The site has
-- by the minute what was let through (a), made good (g), and refused under alarm alone and not solved for since (r), and the
-- verdict of the minute that it was judged in last (alarm).
-- Returns {level, 1 if let through, 1 under alarm}.
local now = tonumber(ARGV[1])
local least, everybodys, solved = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local counts, note = ARGV[10] == '1', ARGV[11]
local site, spent, asked, FIRST = KEYS[1], KEYS[2], KEYS[3], 4
local hour, HOUR, NEVER = math.floor(now / 60), 3600, 1000000000

local debtors = {}
for i = FIRST, #KEYS do
  local calm, alarm, hours, owes = unpack(ARGV, 12 + (i - FIRST) * 4, 15 + (i - FIRST) * 4)
  debtors[i] = {calm = tonumber(calm), alarm = tonumber(alarm), hours = tonumber(hours), owes = owes}
end

local function sums_of_site()
  local sums = {a = 0, g = 0, r = 0}
  local newest = now - tonumber(ARGV[2])
  local flat = redis.call('HGETALL', site)
  for i = 1, #flat, 2 do
    local what, minute = string.match(flat[i], '(%a):(%d+)')
    minute = tonumber(minute)
    if minute and minute <= newest - tonumber(ARGV[3]) then
      redis.call('HDEL', site, flat[i])
    elseif minute and minute <= newest then
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
  local bad = all - sums.g >= tonumber(ARGV[4]) and sums.g < all * tonumber(ARGV[5])
  if all > 0 then redis.call('HSET', site, 'alarm', now .. ':' .. (bad and 1 or 0)) end
  return bad
end

local function owes(key, hours)
  local owed, flat = 0, redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    if tonumber(flat[i]) < hour - hours then
      redis.call('HDEL', key, flat[i])
    else
      owed = owed + flat[i + 1]
    end
  end
  return owed
end

-- More messages to one phone are weighed as if the others had not been: they may have been lost, and the phone has caps.
-- A note that is older than the debts stands for nothing that is owed.
local function again()
  local halves = 0
  for _, entry in ipairs(note ~= '' and redis.call('LRANGE', asked, 0, -1) or {}) do
    if math.floor(string.match(entry, ' (%d+)') / 60) < hour - debtors[FIRST].hours then
      redis.call('LREM', asked, 1, entry)
    elseif string.find(entry, KEYS[FIRST], 1, true) then
      halves = halves + 2
    end
  end
  return halves
end

local function level_of(owed, may)
  if owed < may then return 0 end
  return owed >= may * 4 and 3 or owed >= may * 2 and 2 or 1
end

local alarm, discount = is_alarm(), again()
local level = math.max(least, everybodys)
local calm = level
for i, debtor in pairs(debtors) do
  if alarm or debtor.calm < NEVER then
    local owed = (owes(KEYS[i], debtor.hours) - discount) / 2
    calm = math.max(calm, level_of(owed, debtor.calm))
    level = math.max(level, level_of(owed, alarm and debtor.alarm or debtor.calm))
  end
end

local function add(key, field, amount, kept)
  redis.call('HINCRBY', key, field, amount)
  redis.call('EXPIRE', key, kept)
end

local passes = level == 0
if level > 0 and solved >= level then
  passes = redis.call('SET', spent, 1, 'NX', 'EX', ARGV[9]) and true
end
if counts then
  if passes then
    for i, debtor in pairs(debtors) do
      if debtor.owes == '1' or debtor.owes == '2' and level <= everybodys then
        add(KEYS[i], hour, 2, (debtor.hours + 1) * HOUR)
      end
    end
    add(site, 'a:' .. now, 1, HOUR)
    if note ~= '' then
      redis.call('RPUSH', asked, note)
      redis.call('EXPIRE', asked, (debtors[FIRST].hours + 1) * HOUR)
    end
  end
  if level > everybodys and calm <= everybodys then add(site, 'r:' .. now, passes and -1 or 1, HOUR) end
end
return {level, passes and 1 or 0, alarm and 1 or 0}
