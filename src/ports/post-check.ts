import { AgentError } from "../core/index.ts";

export function conversationOfAnotherAgent(agent: string): AgentError {
  return new AgentError("conversation_of_another_agent", `The conversation belongs to the agent ${agent}.`, {
    details: { agent },
  });
}

export function queueFull(waiting: number): AgentError {
  return new AgentError(
    "queue_full",
    `${waiting} runs wait in this conversation already; send the next when one has ended.`,
    { retryAfterMs: 1000, details: { waiting } },
  );
}

export function idempotencyKeyReused(): AgentError {
  return new AgentError(
    "idempotency_key_reused",
    "This Idempotency-Key came with another request before; use a new key for a new request.",
  );
}
