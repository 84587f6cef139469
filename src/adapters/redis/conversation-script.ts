/**
 * All that is known of a conversation at one moment. KEYS are those of `scriptKeys`.
 *
 * Returns the fields of its hash, its inbox items, its voided ranges and whether its stream is there (1 or 0); nothing
 * when there is no conversation.
 */
export const CONVERSATION_SCRIPT: string = `
local known = redis.call('HGETALL', KEYS[2])
if #known == 0 then return false end
return {
  known,
  redis.call('HVALS', KEYS[3]),
  redis.call('LRANGE', KEYS[5], 0, -1),
  redis.call('EXISTS', KEYS[1]),
}
`;
