import { SHARED_LUA } from "./shared-lua.ts";

/**
 * Writes a batch of entries of one attempt, or nothing. The rule is `entriesToWrite` of the core, decided in the same
 * step as the write. Everything that could be refused is asked before the first XADD, so that no half of a batch is
 * ever there; nothing is published that was not written.
 *
 * ARGV: 1 attempt, 2 first seq, 3 number of entries, 4 holder ("" when not known here), 5 now, 6 publishing command,
 * 7 channel, 8 message, 9 stream TTL, 10 history TTL, 11 run of the record or "", 12 record, 13 number of items taken,
 * the items, and for each entry: id, the cursor that it voids from or "", number of fields, the fields.
 *
 * Returns `ok`, `fenced`, or `log_gap` with the tip.
 */
export const APPEND_SCRIPT: string = `${SHARED_LUA}
local attempt, first, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local known = redis.call('HMGET', KEYS[2], 'tip', 'settled', 'holder', 'sequence')
local tip, settled, holder = known[1], known[2], known[3]
if not tip then return {'fenced'} end
local tip_attempt, written = split(tip)
if tip_attempt ~= attempt then return {'fenced'} end
-- After a failover that lost an acquire, or a delete, another holder may have got the same attempt.
if ARGV[4] ~= '' and ARGV[4] ~= holder then return {'fenced'} end
if first + count - 1 <= written then return {'ok'} end
if tip == settled then return {'fenced'} end
if first > written + 1 then return {'log_gap', tip} end

local takes = tonumber(ARGV[13])
local ends = ARGV[11] ~= ''
-- These fail on data of somebody else, before anything is written.
if takes > 0 or ends then redis.call('HLEN', KEYS[3]) end
if ends then redis.call('HLEN', KEYS[4]) end
local at = 14 + takes
for entry = first, first + count - 1 do
  if ARGV[at + 1] ~= '' then redis.call('LLEN', KEYS[5]) end
  at = at + 3 + tonumber(ARGV[at + 2])
end

local sequence = tonumber(known[4] or '0')
at = 14 + takes
for entry = first, first + count - 1 do
  local id, voids, size = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  if entry > written then
    -- The second field is the sequence of a text chunk or of the run's end, or else the event.
    local field, value = ARGV[at + 5], ARGV[at + 6]
    if field == 'sequence' then
      if value == '' then ARGV[at + 6] = digits(sequence) else sequence = tonumber(value) + 1 end
    elseif value == 'run-start' then
      sequence = 0
    end
    -- Only the first can be refused: the stream is gone, or its newest entry is not the one we know of.
    local added = redis.pcall('XADD', KEYS[1], 'NOMKSTREAM', id, unpack(ARGV, at + 3, at + 2 + size))
    if not added then return {'fenced'} end
    if type(added) == 'table' then
      if string.find(added.err, 'equal or smaller', 1, true) then return {'fenced'} end
      return added
    end
    if voids ~= '' then redis.call('RPUSH', KEYS[5], voids .. ' ' .. id) end
    tip = id
  end
  at = at + 3 + size
end

redis.call('HSET', KEYS[2], 'tip', tip, 'updatedAt', ARGV[5], 'sequence', digits(sequence))
if takes > 0 then redis.call('HDEL', KEYS[3], unpack(ARGV, 14, 13 + takes)) end
if ends then
  redis.call('HSET', KEYS[4], ARGV[11], ARGV[12])
  redis.call('HSET', KEYS[2], 'settled', tip)
  if runs_waiting() == 0 then let_expire(ARGV[9], ARGV[10]) end
end
redis.call(ARGV[6], ARGV[7], ARGV[8])
return {'ok'}
`;
