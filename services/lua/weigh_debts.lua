-- Weigh what those who stand behind a request owe; let it through and count it, or say how hard the work must be: one act.
-- KEYS: the site (hash), the solution (string), what was asked for the phone (list), then a debtor each (hash)
-- ARGV: minute, minutes not judged yet, minutes judged, least bad for an alarm, least share that is made good, level in any
--       case, level solved, seconds to remember the solution, 1 to count it (0: only look), what to note for the phone (or
--       nothing), then for each debtor what it may owe in calm, under alarm, for how many hours, and whether it owes this
--       too: 0 no, 1 yes, 2 unless work was done for it
-- A debtor has what it owes by the hour, in halves: a message is two, one that is made good takes three away. The site has
-- by the minute what was let through (a), made good (g), and refused under alarm alone and not solved for since (r).
-- Returns {level, 1 if let through, 1 under alarm}.
local now = tonumber(ARGV[1])
local hour, HOUR = math.floor(now / 60), 3600
local newest = now - tonumber(ARGV[2])
local oldest = newest - tonumber(ARGV[3]) + 1
local least, solved = tonumber(ARGV[6]), tonumber(ARGV[7])
local counts, note = ARGV[9] == '1', ARGV[10]
local site, spent, asked, FIRST = KEYS[1], KEYS[2], KEYS[3], 4

local debtors = {}
for i = FIRST, #KEYS do
  local calm, alarm, hours, owes = unpack(ARGV, 11 + (i - FIRST) * 4, 14 + (i - FIRST) * 4)
  debtors[i] = {calm = tonumber(calm), alarm = tonumber(alarm), hours = tonumber(hours), owes = owes}
end

local function fields(key, since)
  local flat, out = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do
    local time = tonumber(string.match(flat[i], '%d+$'))
    if time < since then
      redis.call('HDEL', key, flat[i])
    else
      table.insert(out, {time, string.sub(flat[i], 1, 1), tonumber(flat[i + 1])})
    end
  end
  return out
end

local function is_alarm()
  local sum = {a = 0, g = 0, r = 0}
  for _, field in ipairs(fields(site, oldest)) do
    if field[1] <= newest then
      sum[field[2]] = sum[field[2]] + field[3]
    end
  end
  local all = sum.a + math.max(0, sum.r)
  return all - sum.g >= tonumber(ARGV[4]) and sum.g < all * tonumber(ARGV[5])
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
for i, debtor in pairs(debtors) do
  local owed = -discount
  for _, field in ipairs(fields(KEYS[i], hour - debtor.hours)) do owed = owed + field[3] end
  calm = math.max(calm, level_of(owed / 2, debtor.calm))
  level = math.max(level, level_of(owed / 2, alarm and debtor.alarm or debtor.calm))
end

local function add(key, field, amount, kept)
  redis.call('HINCRBY', key, field, amount)
  redis.call('EXPIRE', key, kept)
end

local passes = level == 0
if level > 0 and solved >= level then
  passes = redis.call('SET', spent, 1, 'NX', 'EX', ARGV[8]) and true
end
if counts then
  if passes then
    for i, debtor in pairs(debtors) do
      if debtor.owes == '1' or debtor.owes == '2' and level == 0 then
        add(KEYS[i], hour, 2, (debtor.hours + 1) * HOUR)
      end
    end
    add(site, 'a:' .. now, 1, HOUR)
    if note ~= '' then
      redis.call('RPUSH', asked, note)
      redis.call('EXPIRE', asked, HOUR)
    end
  end
  if level > 0 and calm == 0 then add(site, 'r:' .. now, passes and -1 or 1, HOUR) end
end
return {level, passes and 1 or 0, alarm and 1 or 0}
