import { SHARED_LUA } from "./shared-lua.ts";

/**
 * Begins the next attempt, when a run is under way or waiting. The one script that makes a stream: after the old one
 * has expired (or was lost) the new one starts behind the old tip, under ids that nobody has used before.
 *
 * ARGV: 1 holder, 2 now, 3 publishing command, 4 channel, 5 run, 6 worker as JSON, 7 the settled cursor as the holder
 * saw it or "".
 *
 * Returns `missing`, `idle`, `fenced`, `foreign`, or `acquired` with the attempt and the cursor it follows.
 */
export const ACQUIRE_SCRIPT: string = `${SHARED_LUA}
local known = redis.call('HMGET', KEYS[2], 'attempt', 'settled', 'tip')
if not known[1] then return {'missing'} end
local tip, _, _, ended = tip_of(known[3])
if ended ~= '' and runs_waiting() == 0 then return {'idle'} end
if ARGV[7] ~= '' and ARGV[7] ~= known[2] then return {'fenced'} end
redis.call('LLEN', KEYS[5])

local attempt = digits(tonumber(known[1]) + 1)
local continues = redis.call('EXISTS', KEYS[1]) == 1
local rest = '"run":' .. ARGV[5] .. ',"worker":' .. ARGV[6] .. ',"follows":"' .. tip .. '"}'
local added = redis.pcall('XADD', KEYS[1], attempt .. '-0', 'timestamp', ARGV[2],
  'data', '{"type":"attempt-start","v":1,' .. rest)
if type(added) == 'table' then
  if string.find(added.err, 'equal or smaller', 1, true) then return {'foreign'} end
  return added
end

redis.call('HSET', KEYS[2], 'attempt', attempt, 'tip', attempt .. '-0 ' .. ARGV[1] .. ' ' .. ARGV[2])
if not continues then
  redis.call('HSET', KEYS[2], 'base', tip)
  -- Nothing that was voided before is kept any more.
  redis.call('DEL', KEYS[5])
end
keep()
redis.call(ARGV[3], ARGV[4],
  '[{"v":1,"type":"attempt-start","attempt":' .. attempt .. ',"seq":0,"at":' .. ARGV[2] .. ',' .. rest .. ']')
return {'acquired', attempt, tip}
`;
