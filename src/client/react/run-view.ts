import type { Cursor, JsonValue, LogEvent, RunEnd, ToolOutput } from "../../core/index.ts";
import { compareCursors, cursorOf, isRunEnd } from "../../core/index.ts";
import type { MessagePart, Outcome, ToolCallPart, ToolCallState } from "./conversation-message.ts";

/** A run as it is shown: what was asked, and the answer so far. Plain JSON. */
export interface RunView {
  readonly run: number;
  readonly input: string;
  readonly text: string;
  readonly parts: readonly MessagePart[];
  readonly outcome: Outcome;
  readonly step?: StepView;
}

/** The step that is open, with what was shown when it began: what a reset goes back to (L7). */
export interface StepView {
  readonly from: Cursor;
  readonly textLength: number;
  readonly parts: readonly MessagePart[];
  /** Where the texts of the step are among the parts, by the names that its model gave them. */
  readonly places: Readonly<Record<string, number>>;
}

export function beginRun(run: number, input: string): RunView {
  return { run, input, text: "", parts: [], outcome: { state: "streaming" } };
}

/** The run after one more of its entries. */
export function takeRunEvent(view: RunView, event: LogEvent): RunView {
  if (isRunEnd(event)) return endRun(view, event);
  switch (event.type) {
    case "step-start":
      return beginStep(view, cursorOf(event));
    case "step-reset":
      return resetStep(view, event.from);
    case "text-start":
      return beginText(view, "text", event.id);
    case "reasoning-start":
      return beginText(view, "reasoning", event.id);
    case "text-delta": {
      const text = view.text + event.delta;
      // What sets two parts apart belongs to neither: shown one by one they are apart already.
      return event.separator ? { ...view, text } : { ...growText(view, "text", event), text };
    }
    case "reasoning-delta":
      return growText(view, "reasoning", event);
    case "data": {
      const { name, value } = event;
      return { ...view, parts: withPart(view.parts, (id) => ({ type: "data", id, name, value })) };
    }
    case "step-end":
      return endStep(view, event.message.content);
    case "attempt-start":
    case "attempt-end":
    case "run-start":
    case "provider-response":
    case "provider-response-lost":
    case "text-end":
    case "reasoning-end":
      return view;
    case "tool-input-start":
    case "tool-input-delta":
    case "tool-call":
    case "tool-result":
    case "tool-error":
    case "approval-request":
    case "approval-response":
      return takeCallEvent(view, event);
  }
}

function beginStep(view: RunView, from: Cursor): RunView {
  return { ...view, step: { from, textLength: view.text.length, parts: view.parts, places: {} } };
}

type TextType = "text" | "reasoning";

function beginText(view: RunView, type: TextType, name: string): RunView {
  const parts = withPart(view.parts, (id) => ({ type, id, text: "" }));
  const { step } = view;
  if (!step) return { ...view, parts };
  const places = { ...step.places, [`${type}:${name}`]: view.parts.length };
  return { ...view, parts, step: { ...step, places } };
}

function growText(
  view: RunView,
  type: TextType,
  { id, delta }: { readonly id: string; readonly delta: string },
): RunView {
  const place = view.step?.places[`${type}:${id}`];
  const part = place === undefined ? undefined : view.parts[place];
  if (place === undefined || part?.type !== type) {
    return view.step ? growText(beginText(view, type, id), type, { id, delta }) : view;
  }
  return { ...view, parts: withPartAt(view.parts, place, { ...part, text: part.text + delta }) };
}

type CallEvent = Extract<LogEvent, { readonly callId: string }>;

function takeCallEvent(view: RunView, event: CallEvent): RunView {
  const { callId } = event;
  const parts = changeCall(view.parts, callId, "name" in event ? event.name : "", (call) =>
    callAfter(call, event, view.run),
  );
  return withOutcomeOfCalls({ ...view, parts });
}

function callAfter(call: ToolCallState | undefined, event: CallEvent, run: number): ToolCallState {
  const input = inputOf(call);
  switch (event.type) {
    case "tool-input-start":
      return { state: "writing-input", inputText: "" };
    case "tool-input-delta":
      return { state: "writing-input", inputText: inputTextOf(call) + event.delta };
    case "approval-request": {
      const { approvalId, callId, name: tool, expiresAt } = event;
      const approval = { approvalId, callId, tool, input: event.input, run, expiresAt };
      return { state: "waiting-for-approval", input: event.input, approval };
    }
    case "approval-response":
      return { state: "ready", input };
    case "tool-call":
      return { state: "running", input: event.input };
    case "tool-result":
      return outcomeOfOutput(input, event.output);
    case "tool-error":
      return { state: "failed", input, reason: event.reason, message: event.message };
  }
}

/** What a tool gave back says whether it worked: a failure is kept in the history as the text that the model was told. */
export function outcomeOfOutput(input: JsonValue, output: ToolOutput): ToolCallState {
  if (output.type === "error-text") {
    return { state: "failed", input, reason: "failed", message: output.value };
  }
  if (output.type === "execution-denied") {
    return { state: "failed", input, reason: "denied", message: output.reason ?? "It was denied." };
  }
  return { state: "succeeded", input, output };
}

function inputOf(call: ToolCallState | undefined): JsonValue {
  return call && "input" in call ? (call.input ?? null) : null;
}

function inputTextOf(call: ToolCallState | undefined): string {
  return call?.state === "writing-input" ? call.inputText : "";
}

/** The step's whole message names every call that it made: those that nothing was streamed of, too. */
function endStep(
  view: RunView,
  content: Extract<LogEvent, { type: "step-end" }>["message"]["content"],
): RunView {
  const { step: _ended, ...ended } = view;
  let { parts } = view;
  for (const part of content) {
    if (part.type !== "tool-call" || part.providerExecuted === true) continue;
    const { toolCallId, toolName, input } = part;
    parts = changeCall(parts, toolCallId, toolName, () => ({ state: "ready", input }));
  }
  return { ...ended, parts };
}

function resetStep(view: RunView, from: Cursor): RunView {
  const { step, ...rest } = view;
  if (!step || compareCursors(step.from, from) < 0) return view;
  return withOutcomeOfCalls({ ...rest, text: view.text.slice(0, step.textLength), parts: step.parts });
}

function endRun(view: RunView, event: RunEnd): RunView {
  const { step: _open, ...ended } = view;
  return { ...ended, parts: view.parts.map(abandon), outcome: outcomeOfEnd(event) };
}

function outcomeOfEnd(event: RunEnd): Outcome {
  switch (event.type) {
    case "run-completed":
      return { state: "completed" };
    case "run-failed":
      return { state: "failed", problem: { code: event.code, message: event.message } };
    case "run-cancelled":
      return { state: "cancelled", reason: event.reason };
    case "run-incomplete":
      return { state: "incomplete", reason: event.reason };
  }
}

const OVER: ReadonlySet<ToolCallState["state"]> = new Set(["succeeded", "failed", "abandoned"]);

/** Nothing is under way in a run that has ended. */
export function abandon(part: MessagePart): MessagePart {
  if (part.type !== "tool-call" || OVER.has(part.call.state)) return part;
  const input = "input" in part.call ? part.call.input : undefined;
  return { ...part, call: { state: "abandoned", input } };
}

function withOutcomeOfCalls(view: RunView): RunView {
  const waits = view.parts.some(
    (part) => part.type === "tool-call" && part.call.state === "waiting-for-approval",
  );
  const state = waits ? "waiting-for-approval" : "streaming";
  return state === view.outcome.state ? view : { ...view, outcome: { state } };
}

/** Parts are only ever added, or taken back from the end: their place is their name. */
function withPart(parts: readonly MessagePart[], make: (id: string) => MessagePart): readonly MessagePart[] {
  return [...parts, make(String(parts.length))];
}

function withPartAt(parts: readonly MessagePart[], place: number, part: MessagePart): readonly MessagePart[] {
  return [...parts.slice(0, place), part, ...parts.slice(place + 1)];
}

/** Changes the newest call under an id that is not over; without one, adds it. */
export function changeCall(
  parts: readonly MessagePart[],
  callId: string,
  tool: string,
  change: (call: ToolCallState | undefined) => ToolCallState,
): readonly MessagePart[] {
  const place = placeOfCall(parts, callId);
  const part = parts[place];
  if (part?.type === "tool-call" && !OVER.has(part.call.state)) {
    return withPartAt(parts, place, { ...part, call: change(part.call) });
  }
  return withPart(parts, (id): ToolCallPart => {
    return { type: "tool-call", id, callId, tool, call: change(undefined) };
  });
}

function placeOfCall(parts: readonly MessagePart[], callId: string): number {
  for (let place = parts.length - 1; place >= 0; place--) {
    const part = parts[place];
    if (part?.type === "tool-call" && part.callId === callId) return place;
  }
  return -1;
}
