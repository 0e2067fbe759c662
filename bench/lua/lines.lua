-- Send the lines of a file in turn, for ever: as bodies (POST), or as access tokens (GET).
-- Arguments: the method, the file, and perhaps how many milliseconds a connection rests between requests, on average.
-- The user agent is that of bench/shoppers.py: logins come from the device that registered.
local agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

function init(args)
  local method, lines = args[1], {}
  for line in io.lines(args[2]) do
    if method == "GET" then
      lines[#lines + 1] = wrk.format("GET", nil, {["User-Agent"] = agent, ["Authorization"] = "Bearer " .. line})
    else
      lines[#lines + 1] = wrk.format(method, nil, {["User-Agent"] = agent, ["Content-Type"] = "application/json"}, line)
    end
  end
  if args[3] then
    delay = function() return math.random(0, 2 * tonumber(args[3])) end
  end
  local next_line = 0
  request = function()
    next_line = next_line % #lines + 1
    return lines[next_line]
  end
end
