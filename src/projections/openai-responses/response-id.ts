import { AgentError } from "../../core/index.ts";
import type { ConversationId } from "../../core/index.ts";
import { parseRunName, runName } from "../../protocol/index.ts";
import type { RunPlace } from "../../protocol/index.ts";

/**
 * One response: a run, or a part of one. A response ends where its run waits for people, since that is where clients
 * answer; what comes after their answer is the run's next response.
 */
export interface ResponsePlace extends RunPlace {
  /** Which of the run's responses, from 1. */
  readonly part: number;
}

/** `resp_<run name>`, and `resp_<run name>.2` for what comes after the first answer of a person. */
export function responseId({ part, ...run }: ResponsePlace): string {
  return part === 1 ? `resp_${runName(run)}` : `resp_${runName(run)}.${part}`;
}

/** Throws `invalid_id`. */
export function parseResponseId(text: string): ResponsePlace {
  const [, run, part = "1"] = RESPONSE_ID.exec(text) ?? [];
  if (run === undefined) {
    throw new AgentError("invalid_id", `${text} is not the id of a response: those begin with resp_.`);
  }
  return { ...parseRunName(run), part: Number(part) };
}

const RESPONSE_ID = /^resp_([^~]+~\d{1,9})(?:\.([1-9]\d{0,5}))?$/;

/** Names a request for leave by itself alone: clients answer it without saying which response it was part of. */
export function approvalRequestId(conversation: ConversationId, approvalId: string): string {
  return `mcpr_${conversation}~${approvalId}`;
}

/** A request for leave, where it was made. */
export interface ApprovalPlace extends RunPlace {
  readonly approvalId: string;
}

/** Undefined for anything that no response of ours has named. */
export function parseApprovalRequestId(text: string): ApprovalPlace | undefined {
  const [, conversation, approvalId = "", run = ""] = APPROVAL_REQUEST_ID.exec(text) ?? [];
  if (conversation === undefined) return undefined;
  return { ...parseRunName(`${conversation}~${run}`), approvalId };
}

const APPROVAL_REQUEST_ID = /^mcpr_([^~]+)~(([1-9]\d{0,8}):\d+:.+)$/;

/** The run that an item of a response's output belongs to; undefined for the id of anything else. */
export function runOfItemId(text: string): RunPlace | undefined {
  const [, run] = ITEM_ID.exec(text) ?? [];
  return run === undefined ? parseApprovalRequestId(text) : parseRunName(run);
}

const ITEM_ID = /^(?:msg|rs|mcp)_([^~]+~[1-9]\d{0,8})_[\d-]+$/;
