export { createFollowHub } from "./follow-hub.ts";
export type { FollowHub, FollowHubOptions } from "./follow-hub.ts";
