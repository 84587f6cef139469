export { createFollowHub, MAX_ENTRIES_HELD, PAGE_SIZE } from "./follow-hub.ts";
export type { FollowHub, FollowHubOptions } from "./follow-hub.ts";
