-- Count one request in all moving windows of a limit, or in none: as the limits package counts, a list of times for each.
-- The times are Redis's own, so that no node's clock matters.
-- KEYS: the windows (list, the newest first)  ARGV: limit and seconds of each
-- Returns nothing, or for how many seconds the first window that is full stays so.
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
for i, key in ipairs(KEYS) do
  local limit, seconds = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local oldest = limit > 0 and redis.call('LINDEX', key, limit - 1) or limit == 0 and now
  if oldest and tonumber(oldest) >= now - seconds then return tostring(oldest + seconds - now) end
end
for i, key in ipairs(KEYS) do
  redis.call('LPUSH', key, string.format('%d.%06d', time[1], time[2]))
  redis.call('LTRIM', key, 0, ARGV[2 * i - 1] - 1)
  redis.call('EXPIRE', key, ARGV[2 * i])
end
return false
