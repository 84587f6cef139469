/**
 * What the scripts share. KEYS are those of `scriptKeys`: 1 stream, 2 conversation, 3 inbox, 4 history, 5 voided,
 * 6 answers. Ids stay strings, since Lua's numbers are doubles.
 */
export const SHARED_LUA: string = `
-- Inbox items are written by the post script, which puts the kind first.
local function runs_waiting()
  local count = 0
  for _, item in ipairs(redis.call('HVALS', KEYS[3])) do
    if string.sub(item, 1, 13) == '{"kind":"run"' then count = count + 1 end
  end
  return count
end

-- While something waits or is under way nothing may expire.
local function keep()
  for key = 1, 5 do redis.call('PERSIST', KEYS[key]) end
end

local function let_expire(stream_ttl, history_ttl)
  redis.call('PEXPIRE', KEYS[1], stream_ttl)
  for key = 2, 5 do redis.call('PEXPIRE', KEYS[key], history_ttl) end
end

-- What the tip of a conversation says: cursor, holder, time of the last write, and whether the run has ended.
local function tip_of(value)
  return string.match(value, '^(%S+) (%S+) (%S+)(.*)$')
end

local function digits(number)
  return string.format('%.0f', number)
end
`;
