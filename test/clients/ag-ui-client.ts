import type { HttpAgent } from "@ag-ui/client";

/** All that a client shows as said by the assistant. */
export function agUiText({ messages }: Pick<HttpAgent, "messages">): string {
  return messages.map((message) => (message.role === "assistant" ? (message.content ?? "") : "")).join("");
}
