export { createA2aProjection, isTaskParked } from "./a2a-projection.ts";
export type { RequestId } from "./a2a-projection.ts";
export { taskOfRecord } from "./record-task.ts";
export { taskJson } from "./task-json.ts";
export { A2A_METADATA, isTerminal } from "./task-state.ts";
export type { A2aTask, TaskStateName } from "./task-state.ts";
