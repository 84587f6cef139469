import { SHARED_LUA } from "./shared-lua.ts";

/**
 * Puts a conversation that was laid out beside its place into it, in one step, unless there is one. KEYS are those of
 * `scriptKeys`, then 7 the stream and 8 the history as they were laid out; either may be absent when it is empty.
 *
 * ARGV: 1 agent, 2 when it was created, 3 now, 4 runs, 5 attempt, 6 tip, 7 base, 8 newest item, 9 stream TTL,
 * 10 history TTL, 11 number of entries, 12 number of records, 13 number of voided ranges, then these, then the inbox,
 * item and content in turn.
 *
 * Returns `restored`, `exists`, `foreign`, or `lost` when what was laid out is not all there any more.
 */
export const RESTORE_SCRIPT: string = `${SHARED_LUA}
local function refuse(why)
  redis.call('DEL', KEYS[7], KEYS[8])
  return {why}
end
if redis.call('EXISTS', KEYS[2]) == 1 then return refuse('exists') end
if redis.call('EXISTS', KEYS[1]) == 1 then return refuse('foreign') end
if redis.call('XLEN', KEYS[7]) ~= tonumber(ARGV[11]) then return refuse('lost') end
if redis.call('HLEN', KEYS[8]) ~= tonumber(ARGV[12]) then return refuse('lost') end

redis.call('DEL', unpack(KEYS, 3, 6))
if ARGV[11] ~= '0' then redis.call('RENAME', KEYS[7], KEYS[1]) end
if ARGV[12] ~= '0' then redis.call('RENAME', KEYS[8], KEYS[4]) end
redis.call('HSET', KEYS[2], 'agent', ARGV[1], 'createdAt', ARGV[2], 'updatedAt', ARGV[3], 'runs', ARGV[4],
  'attempt', ARGV[5], 'tip', ARGV[6] .. ' - ' .. ARGV[3] .. ' ended', 'base', ARGV[7], 'settled', ARGV[6],
  'items', ARGV[8])
local items = 14 + tonumber(ARGV[13])
for range = 14, items - 1 do redis.call('RPUSH', KEYS[5], ARGV[range]) end
for item = items, #ARGV - 1, 2 do redis.call('HSET', KEYS[3], ARGV[item], ARGV[item + 1]) end
let_expire(ARGV[9], ARGV[10])
return {'restored'}
`;
