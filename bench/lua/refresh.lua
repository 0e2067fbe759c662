-- Refresh a session, and go on with the token of the reply. A thread has one connection and one session.
-- Arguments: the file of the first refresh tokens, a line for each thread.
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(args)
  local line = 0
  for first in io.lines(args[1]) do
    line = line + 1
    if line == number then token = first end
  end
end

function request()
  return wrk.format("POST", nil, {["Content-Type"] = "application/json"}, '{"refresh_token":"' .. token .. '"}')
end

function response(status, headers, body)
  token = body:match('"refresh_token":"([^"]+)"') or token
end
