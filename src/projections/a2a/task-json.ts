import type { JsonObject, JsonValue } from "../../core/index.ts";
import { A2A_METADATA, placeOf } from "./task-state.ts";
import type { A2aTask } from "./task-state.ts";

/** A task in the JSON form of A2A 1.0: all that is known of it so far. */
export function taskJson(task: A2aTask): JsonObject {
  const { taskId: id, contextId } = placeOf(task);
  return {
    id,
    contextId,
    status: statusJson(task),
    artifacts: task.artifacts.map(({ id: artifactId, text }) => ({ artifactId, parts: [{ text }] })),
    history: [sentMessage(task)],
    metadata: { agent: task.run.agent },
  };
}

export function statusJson({ state, at, message }: A2aTask): JsonObject {
  return { state, timestamp: new Date(at).toISOString(), ...(message && { message }) };
}

function sentMessage(task: A2aTask): JsonObject {
  const { taskId, contextId } = placeOf(task);
  const sent = task.run.metadata?.[A2A_METADATA];
  // Metadata is what a client has sent, on whichever protocol: what is not of this form is not ours.
  const { messageId, metadata } = isObject(sent) ? sent : {};
  return {
    messageId: typeof messageId === "string" ? messageId : `${taskId}:input`,
    taskId,
    contextId,
    role: "ROLE_USER",
    parts: [{ text: task.run.input }],
    ...(isObject(metadata) && { metadata }),
  };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
