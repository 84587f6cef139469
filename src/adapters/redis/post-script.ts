import { SHARED_LUA } from "./shared-lua.ts";

/**
 * Puts a request into the inbox, beginning the conversation if need be, or gives the answer that was given before.
 *
 * ARGV: 1 kind, 2 now, 3 the request without its kind as JSON, 4 agent, 5 run id, 6 idempotency key or "",
 * 7 fingerprint, 8 until when the answer is remembered, 9 for how long that is, 10 how many runs may wait or "",
 * 11 stream TTL, 12 history TTL.
 *
 * Returns `posted` or `repeated` with run and run id, or `missing`, `foreign`, `reused`, `agent` with its name,
 * `full` with how many wait.
 */
export const POST_SCRIPT: string = `${SHARED_LUA}
local kind, now, key = ARGV[1], ARGV[2], ARGV[6]
local known = redis.call('HMGET', KEYS[2], 'agent', 'tip')
local agent = known[1]
if not agent then
  if kind ~= 'run' then return {'missing'} end
  if redis.call('EXISTS', KEYS[1]) == 1 then return {'foreign'} end
end

if key ~= '' and agent then
  local answer = redis.call('HGET', KEYS[6], key)
  if answer then
    local run, run_id, fingerprint, expires = unpack(cjson.decode(answer))
    if tonumber(expires) > tonumber(now) then
      if fingerprint ~= ARGV[7] then return {'reused'} end
      return {'repeated', run, run_id}
    end
  end
end

-- When the conversation is gone, what is left of it beside is about to be deleted and does not count.
local waiting = agent and runs_waiting() or 0
if kind == 'run' then
  if agent and agent ~= ARGV[4] then return {'agent', agent} end
  if ARGV[10] ~= '' and waiting >= tonumber(ARGV[10]) then return {'full', digits(waiting)} end
end

if not agent then
  redis.call('DEL', unpack(KEYS, 3, 6))
  redis.call('HSET', KEYS[2], 'agent', ARGV[4], 'createdAt', now, 'runs', '0', 'attempt', '0',
    'tip', '0-0 - ' .. now .. ' ended', 'base', '0-0', 'settled', '0-0', 'items', '0')
end
local item = digits(redis.call('HINCRBY', KEYS[2], 'items', 1))
local head = '{"kind":"' .. kind .. '","itemId":' .. item .. ',"at":' .. now
local run
if kind == 'run' then
  run = digits(redis.call('HINCRBY', KEYS[2], 'runs', 1))
  head = head .. ',"run":' .. run
else
  run = redis.call('HGET', KEYS[2], 'runs')
end
redis.call('HSET', KEYS[2], 'updatedAt', now)
redis.call('HSET', KEYS[3], item, head .. ',' .. string.sub(ARGV[3], 2))

if kind == 'run' then
  keep()
elseif select(4, tip_of(known[2])) ~= '' and waiting == 0 then
  let_expire(ARGV[11], ARGV[12])
end

if key ~= '' then
  -- Now and then, so that a conversation that lives for ever does not remember for ever.
  if redis.call('HLEN', KEYS[6]) % 100 == 99 then
    local answers = redis.call('HGETALL', KEYS[6])
    for field = 1, #answers, 2 do
      if tonumber(cjson.decode(answers[field + 1])[4]) <= tonumber(now) then
        redis.call('HDEL', KEYS[6], answers[field])
      end
    end
  end
  redis.call('HSET', KEYS[6], key, cjson.encode({run, ARGV[5], ARGV[7], ARGV[8]}))
  redis.call('PEXPIRE', KEYS[6], ARGV[9])
end
return {'posted', run, ARGV[5]}
`;
