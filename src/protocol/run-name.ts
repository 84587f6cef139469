import { AgentError, parseConversationReference } from "../core/index.ts";
import type { ConversationId } from "../core/index.ts";

/** One run of one conversation, by the name that every protocol calls it. */
export interface RunPlace {
  readonly conversation: ConversationId;
  /** The run's ordinal in its conversation. */
  readonly run: number;
}

/**
 * `<conversation>~<run>`: fits into a path as it is, and no conversation id holds a tilde, so that the name of a run is
 * never taken for one.
 */
export function runName({ conversation, run }: RunPlace): string {
  return `${conversation}~${run}`;
}

/** Whether a text has the form of a run's name. */
export function isRunName(text: string): boolean {
  return RUN_NAME.test(text);
}

/** Throws `invalid_id`. */
export function parseRunName(text: string): RunPlace {
  const [, conversation = "", run = ""] = RUN_NAME.exec(text) ?? [];
  if (run === "") throw new AgentError("invalid_id", "A run is named <conversation>~<ordinal>.");
  return { conversation: parseConversationReference(conversation).id, run: Number(run) };
}

const RUN_NAME = /^([^~]+)~([1-9]\d{0,8})$/;
