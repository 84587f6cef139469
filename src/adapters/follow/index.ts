export { createFollowHub } from "./follow-hub.ts";
export type { FollowHub, FollowHubOptions, FollowTopic } from "./follow-hub.ts";
