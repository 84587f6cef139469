import { SHARED_LUA } from "./shared-lua.ts";

/** What the script answers when the entries are there. */
export const APPENDED = 1;

/**
 * Writes a batch of entries of one attempt, or nothing. The rule is `entriesToWrite` of the core, decided in the same
 * step as the write. Everything that could be refused is asked before the first XADD, so that no half of a batch is
 * ever there; nothing is published that was not written.
 *
 * It runs for every chunk of every answer, so what most batches do not need is not even asked for: KEYS are the first
 * two of `scriptKeys`, and all of them only when a batch takes items, keeps a record or has a reset.
 *
 * ARGV: 1 attempt, 2 first seq, 3 number of entries, 4 what the tip is thought to be (which spares its parsing),
 * 5 holder ("" when not known here), 6 now, 7 publishing command, 8 channel, 9 message; for each entry four: timestamp,
 * data ("" for that of the entry before), kind, text. The kind of a text chunk is its sequence; `end` is a run's end,
 * with its error as text; `void` is a reset, with the cursor that it voids from; "" is everything else. With all keys
 * there follow: stream TTL, history TTL, run of the record or "", record, and the items taken.
 *
 * Returns 1 (`APPENDED`), 0 when the writer is fenced, or the tip when entries before these are missing.
 */
export const APPEND_SCRIPT: string = `
local call, try = redis.call, redis.pcall
local stream, attempt, first, count, holder = KEYS[1], ARGV[1], ARGV[2] + 0, ARGV[3] + 0, ARGV[5]
local value = call('HGET', KEYS[2], 'tip')
if not value then return 0 end
local start, tip = 0, nil
if value ~= ARGV[4] then
  local at, name, _, ended = string.match(value, '^(%S+) (%S+) (%S+)(.*)$')
  local number, written = string.match(at, '^(%d+)-(%d+)$')
  -- After a failover that lost an acquire, or a delete, another holder may have got the same attempt.
  if number ~= attempt or (holder ~= '' and holder ~= name) then return 0 end
  if first + count - 1 <= tonumber(written) then return 1 end
  if ended ~= '' then return 0 end
  if first > written + 1 then return at end
  start, holder = written + 1 - first, name
end

local more = 10 + 4 * count
local ends = false
if KEYS[3] then
  ends = ARGV[more + 2] ~= ''
  -- These fail on data of somebody else, before anything is written.
  for key = 3, 4 do call('HLEN', KEYS[key]) end
  call('LLEN', KEYS[5])
end

local data
for entry = 0, count - 1 do
  local at = 10 + 4 * entry
  if ARGV[at + 1] ~= '' then data = ARGV[at + 1] end
  if entry >= start then
    local time, kind, text = ARGV[at], ARGV[at + 2], ARGV[at + 3]
    local sequence
    if kind == 'end' then
      -- The number after the run's newest text chunk: looked up here alone, not kept with every chunk.
      local newest = '+'
      repeat
        local page = call('XREVRANGE', stream, newest, '-', 'COUNT', 32)
        for _, before in ipairs(page) do
          local fields = before[2]
          local number = fields[1] == 'text' and tonumber(fields[4])
          if number then sequence = string.format('%.0f', number + 1) end
          if string.sub(fields[4] or '', 1, 19) == '{"type":"run-start"' then sequence = '0' end
          if sequence then break end
        end
        if #page < 32 then sequence = sequence or '0' else newest = '(' .. page[32][1] end
      until sequence
    end
    -- Lua prints whole numbers below 10^14 exactly: more entries than that no attempt has.
    tip = attempt .. '-' .. (first + entry)
    local added
    if kind == '' or kind == 'void' then
      added = try('XADD', stream, 'NOMKSTREAM', tip, 'timestamp', time, 'data', data)
    elseif kind ~= 'end' then
      added = try('XADD', stream, 'NOMKSTREAM', tip, 'text', text, 'sequence', kind, 'timestamp', time, 'data', data)
    elseif text == '' then
      added = try('XADD', stream, 'NOMKSTREAM', tip,
        'text', '', 'sequence', sequence, 'timestamp', time, 'done', 'true', 'data', data)
    else
      added = try('XADD', stream, 'NOMKSTREAM', tip,
        'text', '', 'sequence', sequence, 'timestamp', time, 'done', 'true', 'error', text, 'data', data)
    end
    -- Only the first can be refused: the stream is gone, or its newest entry is not the one we know of.
    if not added then return 0 end
    if type(added) == 'table' then
      if string.find(added.err, 'equal or smaller', 1, true) then return 0 end
      return added
    end
    if kind == 'void' then call('RPUSH', KEYS[5], text .. ' ' .. tip) end
  end
end

value = tip .. ' ' .. holder .. ' ' .. ARGV[6]
if ends then value = value .. ' ended' end
call('HSET', KEYS[2], 'tip', value)
if ARGV[more + 4] then call('HDEL', KEYS[3], unpack(ARGV, more + 4)) end
if ends then
  ${SHARED_LUA}
  call('HSET', KEYS[4], ARGV[more + 2], ARGV[more + 3])
  call('HSET', KEYS[2], 'settled', tip, 'updatedAt', ARGV[6])
  if runs_waiting() == 0 then let_expire(ARGV[more], ARGV[more + 1]) end
end
call(ARGV[7], ARGV[8], ARGV[9])
return 1
`;
