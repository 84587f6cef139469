import type { Publishing } from "./redis-keys.ts";
import { SHARED_LUA } from "./shared-lua.ts";

/** What the script answers when it has written the entries, all of them. */
export const WRITTEN = 1;
/** What it answers when some of them were there already. */
export const REPEATED = 2;

/**
 * Writes a batch of entries of one attempt, or nothing. The rule is `entriesToWrite` of the core, decided in the same
 * step as the write. Everything that could be refused is asked before the first XADD, so that no half of a batch is
 * ever there; nothing is published that was not written.
 *
 * It runs for every chunk of every answer, so what most batches do not need is not even asked for: KEYS are the first
 * two of `scriptKeys`, and all of them only when a batch takes items, keeps a record or has a reset.
 *
 * What is passed costs, too, some 0.1 us an argument.
 *
 * ARGV: 1 the holder, `-` when not known here, 2 which cursor the tip is thought to be, or "", 3 which it is to be then,
 * that of the last entry, 4 the time; for each entry four: timestamp, data ("" for that of the entry before), kind, text.
 * The kind of a text chunk is its sequence; `end` is a run's end, with its error as text; `void` is a reset, with the
 * cursor that it voids from; "" is everything else. With all keys there follow: stream TTL, history TTL, run of the record
 * or "", record, the items taken, and in the end the number of entries.
 *
 * Returns 1 (`WRITTEN`) or 2 (`REPEATED`), 0 when the writer is fenced, or the tip when entries before these are
 * missing.
 */
export function appendScript({ command, channel }: Publishing): string {
  return `
local call, try = redis.call, redis.pcall
local stream, holder, tip, now = KEYS[1], ARGV[1], ARGV[3], ARGV[4]
local value = call('HGET', KEYS[2], 'tip')
if not value then return 0 end

-- By the holder, right behind the newest entry, of a run that has not ended: such a value ends with a digit.
local expected = ARGV[2] .. ' ' .. holder .. ' '
local joins = string.sub(value, 1, #expected) == expected and string.byte(value, -1) < 58

-- And one chunk: what nearly all appends are.
if joins and not KEYS[3] and not ARGV[9] and ARGV[7] ~= 'end' then
  local time, data, kind, text = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
  local added
  if kind == '' then
    added = try('XADD', stream, 'NOMKSTREAM', tip, 'timestamp', time, 'data', data)
  else
    added = try('XADD', stream, 'NOMKSTREAM', tip, 'text', text, 'sequence', kind, 'timestamp', time, 'data', data)
  end
  if not added then return 0 end
  if type(added) == 'table' then
    if string.find(added.err, 'equal or smaller', 1, true) then return 0 end
    return added
  end
  call('HSET', KEYS[2], 'tip', tip .. ' ' .. holder .. ' ' .. now)
  call('${command}', ${channel},
    tip .. ' 1\\n' .. time .. ' ' .. kind .. ' * ' .. data .. '\\n' .. text)
  return 1
end

local attempt, last = string.match(tip, '^(%d+)-(%d+)$')
local count = KEYS[3] and ARGV[#ARGV] + 0 or (#ARGV - 4) / 4
local first = last - count + 1
local start, answer = 0, 1
if not joins then
  local at, name, _, ended = string.match(value, '^(%S+) (%S+) (%S+)(.*)$')
  local number, written = string.match(at, '^(%d+)-(%d+)$')
  -- After a failover that lost an acquire, or a delete, another holder may have got the same attempt.
  if number ~= attempt or (holder ~= '-' and holder ~= name) then return 0 end
  if last + 0 <= tonumber(written) then return 2 end
  if ended ~= '' then return 0 end
  if first > written + 1 then return at end
  start = written + 1 - first
  if start > 0 then answer = 2 end
  holder = name
end

local more = 5 + 4 * count
local ends = false
if KEYS[3] then
  ends = ARGV[more + 2] ~= ''
  -- These fail on data of somebody else, before anything is written.
  for key = 3, 4 do call('HLEN', KEYS[key]) end
  call('LLEN', KEYS[5])
end

local message = {attempt .. '-' .. first .. ' ' .. count .. '\\n'}
local data
for entry = 0, count - 1 do
  local at = 5 + 4 * entry
  local time, own, kind, text = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  if own ~= '' then data = own end
  message[entry + 2] = time .. ' ' .. kind .. ' ' .. #text .. ' ' .. own .. '\\n' .. text
  if entry >= start then
    local sequence
    if kind == 'end' then
      -- The number after the run's newest text chunk: looked up here alone, not kept with every chunk.
      -- Mostly it is one of the last few; making a large page of Lua tables costs more than all the rest.
      local newest, size = '+', 4
      repeat
        local page = call('XREVRANGE', stream, newest, '-', 'COUNT', size)
        for _, before in ipairs(page) do
          local fields = before[2]
          local number = fields[1] == 'text' and tonumber(fields[4])
          if number then sequence = string.format('%.0f', number + 1) end
          if string.sub(fields[4] or '', 1, 19) == '{"type":"run-start"' then sequence = '0' end
          if sequence then break end
        end
        if #page < size then sequence = sequence or '0' else newest = '(' .. page[size][1] end
        size = 32
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

call('HSET', KEYS[2], 'tip', tip .. ' ' .. holder .. ' ' .. now .. (ends and ' ended' or ''))
if KEYS[3] and more + 4 < #ARGV then call('HDEL', KEYS[3], unpack(ARGV, more + 4, #ARGV - 1)) end
if ends then
  ${SHARED_LUA}
  call('HSET', KEYS[4], ARGV[more + 2], ARGV[more + 3])
  call('HSET', KEYS[2], 'settled', tip, 'updatedAt', now)
  if runs_waiting() == 0 then let_expire(ARGV[more], ARGV[more + 1]) end
end
call('${command}', ${channel}, table.concat(message))
return answer
`;
}
