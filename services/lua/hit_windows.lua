-- Count one request in all moving windows of a limit, or in none: as the limits package counts, a list of times for each.
-- KEYS: the windows (list, the newest first)  ARGV: the time in seconds, then limit and seconds of each
-- Returns nothing, or for how many seconds the first window that is full stays so.
local now = tonumber(ARGV[1])
for i, key in ipairs(KEYS) do
  local limit, seconds = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local oldest = limit > 0 and redis.call('LINDEX', key, limit - 1) or limit == 0 and now
  if oldest and tonumber(oldest) >= now - seconds then return tostring(oldest + seconds - now) end
end
for i, key in ipairs(KEYS) do
  redis.call('LPUSH', key, ARGV[1])
  redis.call('LTRIM', key, 0, ARGV[2 * i] - 1)
  redis.call('EXPIRE', key, ARGV[2 * i + 1])
end
return false
