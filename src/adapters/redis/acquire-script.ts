import { SHARED_LUA } from "./shared-lua.ts";

/**
 * Begins the next attempt, when a run is under way or waiting. The one script that makes a stream: after the old one
 * has expired (or was lost) the new one starts behind the old tip, under ids that nobody has used before.
 *
 * ARGV: 1 holder, 2 now, 3 publishing command, 4 channel, 5 run, 6 worker as JSON, 7 the settled cursor as the holder
 * saw it or "", 8 when the conversation was begun that the holder saw, or "". Where it is foreseen what the attempt opens
 * with: 9 which attempt that is for, 10 which cursor it follows, 11 the number of its entries, for each four as the append
 * script has them, then the items taken. All of it is left alone when another attempt begins.
 *
 * Returns `missing`, `idle`, `fenced`, `foreign`, or `acquired` (`opened` with what was foreseen) with the attempt and
 * the cursor it follows.
 */
export const ACQUIRE_SCRIPT: string = `${SHARED_LUA}
local known = redis.call('HMGET', KEYS[2], 'attempt', 'settled', 'tip', 'createdAt')
if not known[1] then return {'missing'} end
local tip, _, _, ended = tip_of(known[3])
if ended ~= '' and runs_waiting() == 0 then return {'idle'} end
if ARGV[7] ~= '' and ARGV[7] ~= known[2] then return {'fenced'} end
if ARGV[8] ~= '' and ARGV[8] ~= known[4] then return {'fenced'} end
redis.call('LLEN', KEYS[5])
redis.call('HLEN', KEYS[3])

local attempt = digits(tonumber(known[1]) + 1)
local foreseen = ARGV[9] == attempt and ARGV[10] == tip and ARGV[11] + 0 or 0
local continues = redis.call('EXISTS', KEYS[1]) == 1
local rest = '"run":' .. ARGV[5] .. ',"worker":' .. ARGV[6] .. ',"follows":"' .. tip .. '"}'
local added = redis.pcall('XADD', KEYS[1], attempt .. '-0', 'timestamp', ARGV[2],
  'data', '{"type":"attempt-start","v":1,' .. rest)
if type(added) == 'table' then
  if string.find(added.err, 'equal or smaller', 1, true) then return {'foreign'} end
  return added
end

-- Nothing can be refused from here on: these follow the entry that was just added.
local message = {'{"v":1,"type":"attempt-start","attempt":' .. attempt .. ',"seq":0,"at":' .. ARGV[2] .. ',' .. rest}
local data
for seq = 1, foreseen do
  local time, own = ARGV[8 + 4 * seq], ARGV[9 + 4 * seq]
  if own ~= '' then data = own end
  redis.call('XADD', KEYS[1], attempt .. '-' .. seq, 'timestamp', time, 'data', data)
  message[seq + 1] = '{"attempt":' .. attempt .. ',"seq":' .. seq .. ',"at":' .. time .. ',' .. string.sub(data, 2)
end
local items = 12 + 4 * foreseen
if foreseen > 0 and ARGV[items] then redis.call('HDEL', KEYS[3], unpack(ARGV, items)) end

redis.call('HSET', KEYS[2], 'attempt', attempt, 'tip', attempt .. '-' .. foreseen .. ' ' .. ARGV[1] .. ' ' .. ARGV[2])
if not continues then
  redis.call('HSET', KEYS[2], 'base', tip)
  -- Nothing that was voided before is kept any more.
  redis.call('DEL', KEYS[5])
end
keep()
redis.call(ARGV[3], ARGV[4], '[' .. table.concat(message, ',') .. ']')
return {foreseen > 0 and 'opened' or 'acquired', attempt, tip}
`;
