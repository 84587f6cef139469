import { compareCursors, cursorAt, cursorOf } from "../../core/index.ts";
import type { Cursor, JsonValue, LogEvent, RunEnd, StepKind, ToolError, Usage } from "../../core/index.ts";

/** One thing that happened in a run, at its place in the log. */
export type TimelineItem = ItemPlace &
  (
    | {
        readonly kind: "attempt";
        readonly attempt: number;
        /** Absent when its first entry was withdrawn together with what it was to go on with. */
        readonly worker?: string;
      }
    | { readonly kind: "handed-over"; readonly attempt: number }
    | StepItem
    | ToolItem
    | ApprovalItem
    | {
        readonly kind: "reset";
        readonly step: number;
        readonly from: string;
        readonly reason: "interrupted" | "retry";
        readonly withdrawsText: boolean;
      }
    | { readonly kind: "data"; readonly name: string }
    | { readonly kind: "end"; readonly end: RunEnd["type"] }
  );

export interface ItemPlace {
  readonly cursor: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** A reset made it void. */
  readonly voided: boolean;
}

export interface StepItem {
  readonly kind: "step";
  readonly step: number;
  readonly of: StepKind;
  readonly textChunks: number;
  readonly textCharacters: number;
  readonly reasoningCharacters: number;
  /** Absent while it is under way, and when it never ended. */
  readonly durationMs?: number;
  readonly usage?: Usage;
  readonly finishReason?: string;
}

export interface ToolItem {
  readonly kind: "tool";
  readonly callId: string;
  readonly name: string;
  readonly input: JsonValue;
  /** Absent while it is under way, and when nobody knows. */
  readonly outcome?: "succeeded" | ToolError["reason"];
  readonly durationMs?: number;
  readonly message?: string;
}

export interface ApprovalItem {
  readonly kind: "approval";
  readonly approvalId: string;
  readonly name: string;
  readonly input: JsonValue;
  /** Absent while it waits. */
  readonly approved?: boolean;
  readonly reason?: string;
  readonly waitedMs?: number;
}

/** What happened in each run, by its ordinal, as its entries tell it. */
export function timelineOf(events: readonly LogEvent[]): ReadonlyMap<number, readonly TimelineItem[]> {
  const runs = new Map<number, TimelineItem[]>();
  let attempt = 0;
  for (const event of events) {
    const items = runs.get(event.run) ?? [];
    runs.set(event.run, items);
    if (event.attempt !== attempt && event.type !== "attempt-start") {
      const cursor = cursorAt(event.attempt, 0);
      items.push({ cursor, at: event.at, voided: false, kind: "attempt", attempt: event.attempt });
    }
    ({ attempt } = event);
    tell(items, event);
  }
  return runs;
}

/** Adds what an entry begins to a run's items, or completes the one that it ends. */
function tell(items: TimelineItem[], event: LogEvent): void {
  const { at } = event;
  const cursor = cursorOf(event);
  const place: ItemPlace = { cursor, at, voided: false };
  switch (event.type) {
    case "attempt-start":
      items.push({
        ...place,
        kind: "attempt",
        attempt: event.attempt,
        worker: event.worker,
      });
      return;
    case "attempt-end":
      items.push({ ...place, kind: "handed-over", attempt: event.attempt });
      return;
    case "step-start":
      items.push({ ...place, ...NEW_STEP, step: event.step, of: event.kind });
      return;
    case "text-delta":
      change(items, isOpenStep, (step) => ({
        ...step,
        textChunks: step.textChunks + 1,
        textCharacters: step.textCharacters + event.delta.length,
      }));
      return;
    case "reasoning-delta":
      change(items, isOpenStep, (step) => ({
        ...step,
        reasoningCharacters: step.reasoningCharacters + event.delta.length,
      }));
      return;
    case "step-end":
      change(items, isOpenStep, (step) => ({
        ...step,
        durationMs: at - step.at,
        ...(event.usage && { usage: event.usage }),
        ...(event.finishReason && { finishReason: event.finishReason }),
      }));
      return;
    case "tool-call":
      items.push({ ...place, kind: "tool", callId: event.callId, name: event.name, input: event.input });
      return;
    case "tool-result":
      change(items, isCall(event.callId), (tool) => ({
        ...tool,
        outcome: "succeeded",
        durationMs: at - tool.at,
      }));
      return;
    case "tool-error": {
      const { callId, name, reason, message } = event;
      const outcome = { outcome: reason, message };
      const known = change(items, isCall(callId), (tool) => ({
        ...tool,
        ...outcome,
        durationMs: at - tool.at,
      }));
      // A call that was refused was never begun.
      if (!known) items.push({ ...place, kind: "tool", callId, name, input: null, ...outcome });
      return;
    }
    case "approval-request": {
      const { approvalId, name, input } = event;
      items.push({ ...place, kind: "approval", approvalId, name, input });
      return;
    }
    case "approval-response":
      change(items, isApproval(event.approvalId), (approval) => ({
        ...approval,
        approved: event.approved,
        waitedMs: at - approval.at,
        ...(event.reason !== undefined && { reason: event.reason }),
      }));
      return;
    case "step-reset": {
      const { step, from, reason, withdrawsText = false } = event;
      voidFrom(items, from);
      items.push({ ...place, kind: "reset", step, from, reason, withdrawsText });
      return;
    }
    case "data":
      items.push({ ...place, kind: "data", name: event.name });
      return;
    case "run-completed":
    case "run-failed":
    case "run-cancelled":
    case "run-incomplete":
      items.push({ ...place, kind: "end", end: event.type });
      return;
    case "run-start":
    case "provider-response":
    case "provider-response-lost":
    case "text-start":
    case "text-end":
    case "reasoning-start":
    case "reasoning-end":
    case "tool-input-start":
    case "tool-input-delta":
      return;
  }
}

const NEW_STEP = { kind: "step", textChunks: 0, textCharacters: 0, reasoningCharacters: 0 } as const;

/** Replaces the newest item of a kind; false when there is none. */
function change<Item extends TimelineItem>(
  items: TimelineItem[],
  is: (item: TimelineItem) => item is Item,
  by: (item: Item) => TimelineItem,
): boolean {
  const index = items.findLastIndex(is);
  const item = items[index];
  if (!item || !is(item)) return false;
  items[index] = by(item);
  return true;
}

function isOpenStep(item: TimelineItem): item is ItemPlace & StepItem {
  return item.kind === "step" && item.durationMs === undefined && !item.voided;
}

function isCall(callId: string) {
  return (item: TimelineItem): item is ItemPlace & ToolItem =>
    item.kind === "tool" && item.callId === callId && !item.voided;
}

function isApproval(approvalId: string) {
  return (item: TimelineItem): item is ItemPlace & ApprovalItem =>
    item.kind === "approval" && item.approvalId === approvalId && !item.voided;
}

function voidFrom(items: TimelineItem[], from: Cursor): void {
  for (const [index, item] of items.entries()) {
    const isVoid = item.kind !== "attempt" && compareCursors(item.cursor as Cursor, from) >= 0;
    if (isVoid) items[index] = { ...item, voided: true };
  }
}
