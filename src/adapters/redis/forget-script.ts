/**
 * Drops a member of an index, unless somebody has touched it since its score was read.
 *
 * KEYS: 1 the sorted set. ARGV: 1 member, 2 the score that was read.
 */
export const FORGET_SCRIPT: string = `
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if score and tonumber(score) == tonumber(ARGV[2]) then return redis.call('ZREM', KEYS[1], ARGV[1]) end
return 0
`;
