import type { StepEvent } from "./event.ts";

/**
 * The response at its provider that an open model step is made of, and what of it is in the log. The provider goes on
 * with it whether or not a worker listens: after a crash the rest is fetched, instead of paying for all of it again.
 */
export interface ProviderResponse {
  readonly responseId: string;
  /** By `loggedKey`: the deltas so far put together, and an empty text for what happens only once. */
  readonly logged: Readonly<Record<string, string>>;
  /** How many of the app's own events were logged: they have no name of their own. */
  readonly loggedData: number;
}

export function beginResponse(responseId: string): ProviderResponse {
  return { responseId, logged: {}, loggedData: 0 };
}

/** What a step's event is logged under; undefined for those that are no part of a model's answer. */
export function loggedKey(event: StepEvent): string | undefined {
  switch (event.type) {
    case "text-start":
    case "text-delta":
    case "text-end":
    case "reasoning-start":
    case "reasoning-delta":
    case "reasoning-end":
      return `${event.type} ${event.id}`;
    case "tool-input-start":
    case "tool-input-delta":
    case "tool-call":
    case "tool-result":
      return `${event.type} ${event.callId}`;
    case "provider-response":
    case "provider-response-lost":
    case "step-start":
    case "tool-error":
    case "approval-request":
    case "approval-response":
    case "data":
    case "step-end":
    case "step-reset":
      return undefined;
  }
}

/** The response after one more event of its step was logged. */
export function withLogged(response: ProviderResponse, event: StepEvent): ProviderResponse {
  if (event.type === "data") return { ...response, loggedData: response.loggedData + 1 };
  // A separator belongs to no part of the model's answer.
  if (event.type === "text-delta" && event.separator) return response;
  const key = loggedKey(event);
  if (key === undefined) return response;
  const { logged } = response;
  return { ...response, logged: { ...logged, [key]: (logged[key] ?? "") + deltaOf(event) } };
}

function deltaOf(event: StepEvent): string {
  return "delta" in event ? event.delta : "";
}
