/** What followers hear in place of entries when a conversation is deleted. */
export const TOMBSTONE: string = "null";

/**
 * Removes everything of a conversation and tells its followers. KEYS are those of `scriptKeys`.
 *
 * ARGV: 1 publishing command, 2 channel, 3 message. Returns whether there was a conversation (1 or 0).
 */
export const DELETE_SCRIPT: string = `
local existed = redis.call('EXISTS', KEYS[2])
if existed == 0 then return 0 end
redis.call('DEL', unpack(KEYS))
redis.call(ARGV[1], ARGV[2], ARGV[3])
return 1
`;
