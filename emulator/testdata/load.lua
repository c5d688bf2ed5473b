-- What wrk does to the phone: GET, or with the file of a body PUT, each with another name in it; and what it tells at the end.
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("id", threads)
end

function init(args)
  count = 0
  if args[1] then
    local file = assert(io.open(args[1]))
    before, after = string.match(file:read("*a"), "^(.*)NAME(.*)$")
    file:close()
  end
end

function request()
  if not before then
    return wrk.format("GET")
  end
  count = count + 1
  return wrk.format("PUT", nil, nil, before .. "name " .. id .. "." .. count .. after)
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("p50 %d us, p99 %d us, %d requests in %d us, %d refused, %d failed\n", latency:percentile(50), latency:percentile(99),
    summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout))
end
