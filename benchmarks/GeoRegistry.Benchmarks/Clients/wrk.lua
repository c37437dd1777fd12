-- Arguments after "--": the Accept header. Prints one line that Wrk.cs reads:
-- requests, microseconds, bytes, p50 and p99 in microseconds, errors.

function init(args)
   wrk.headers["Accept"] = args[1]
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format("result %d %d %d %.1f %.1f %d\n",
      summary.requests, summary.duration, summary.bytes,
      latency:percentile(50), latency:percentile(99),
      errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
