import { runName } from "../../protocol/index.ts";
import type {
  ApprovalRequest,
  Cursor,
  EventBody,
  JsonObject,
  ToolError,
  ToolResult,
} from "../../core/index.ts";
import type { Frame } from "../run-projection.ts";
import { unchanged } from "../run-projection.ts";
import { inTurn } from "./in-turn.ts";
import type { Change, Told } from "./in-turn.ts";
import { argumentsJson, failed, itemJson, openingJson, outcomeOf, summaryPart, textPart } from "./items.ts";
import type { CallItem, Item, ItemStatus, TextItem } from "./items.ts";
import { approvalRequestId } from "./response-id.ts";
import type { DoneItem, OpenItem, PlacedItem, ResponseState } from "./response-state.ts";

type TextKind = TextItem["kind"];
type ToolCallEntry = Extract<EventBody, { readonly type: "tool-call" }>;

/** More of a text, or of a reasoning; the first of it begins an item. */
export function say(state: ResponseState, kind: TextKind, part: string, delta: string, cursor: Cursor): Told {
  const key = partKey(kind, part);
  if (openItem(state, key)) return sayMore(state, key, delta);
  const item: TextItem = { kind, id: itemId(state, PREFIX[kind], cursor), text: "" };
  return inTurn(
    state,
    openAs(key, item),
    (opened) => ({ state: opened, frames: [partBegun({ index: state.nextIndex, item })] }),
    (opened) => sayMore(opened, key, delta),
  );
}

/** The model has said all of a part. Its item stays open: until its step has ended it may be withdrawn. */
export function endPart(state: ResponseState, kind: TextKind, part: string): Told {
  const found = openItem(state, partKey(kind, part));
  if (!found) return unchanged(state);
  return { state: withItem(state, found, { ...found, isWhole: true }), frames: wholeText(found) };
}

/** A tool is executed; the second execution of a call that was interrupted is no other item. */
export function beginCall(state: ResponseState, event: ToolCallEntry, cursor: Cursor): Told {
  const { callId, name, input } = event;
  if (openItem(state, callKey(callId))) return unchanged(state);
  return openCall(state, { callId, name, input: argumentsJson(input), cursor });
}

export function endCall(state: ResponseState, event: ToolResult | ToolError, cursor: Cursor): Told {
  const { callId, name } = event;
  if (openItem(state, callKey(callId))) return endOpenCall(state, event);
  // What a person did not allow has been told by the request, and is no call.
  if (event.type === "tool-error" && event.reason === "denied") return unchanged(state);
  const input = argumentsJson(state.calls[callId]?.input ?? {});
  return inTurn(
    state,
    (before) => openCall(before, { callId, name, input, cursor }),
    (opened) => endOpenCall(opened, event),
  );
}

/** A request for leave, told once a response. */
export function tellRequest(
  state: ResponseState,
  { approvalId, name, input }: Pick<ApprovalRequest, "approvalId" | "name" | "input">,
): Told {
  const id = approvalRequestId(state.run.conversation, approvalId);
  if (state.done.some(({ item }) => item.id === id)) return unchanged(state);
  const item: Item = { kind: "approval", id, name, arguments: argumentsJson(input) };
  return inTurn(state, openAs(id, item), finish(id, "completed"));
}

/** Closes what is open: a step has ended, or the run has in the middle of one. */
export function finishItems(state: ResponseState, status: DoneItem["status"]): Told {
  const changes = state.open.flatMap((item): readonly Change[] => {
    const isCutShort = status === "incomplete" && !item.isWhole;
    const rest: Change = (told) => ({ state: told, frames: isCutShort ? wholeText(item) : [] });
    return [rest, finish(item.key, status)];
  });
  return inTurn(state, ...changes);
}

/** Closes what the step has begun, and forgets it: it is not in the response's output. */
export function withdraw(state: ResponseState): Told {
  const frames = state.open.map(({ index, item }) => itemDone(state, index, item, "incomplete"));
  return { state: { ...state, open: [] }, frames };
}

function sayMore(state: ResponseState, key: string, delta: string): Told {
  const found = openItem(state, key);
  if (!found || !isText(found.item)) return unchanged(state);
  const { item } = found;
  const said = withItem(state, found, { ...found, item: { ...item, text: item.text + delta } });
  const more =
    item.kind === "message"
      ? about(found, "response.output_text.delta", { content_index: 0, delta, logprobs: [] })
      : about(found, "response.reasoning_summary_text.delta", { summary_index: 0, delta });
  return { state: said, frames: [more] };
}

function partBegun(open: PlacedItem): Frame {
  return open.item.kind === "message"
    ? about(open, "response.content_part.added", { content_index: 0, part: textPart("") })
    : about(open, "response.reasoning_summary_part.added", { summary_index: 0, part: summaryPart("") });
}

function wholeText(open: PlacedItem): readonly Frame[] {
  if (!isText(open.item)) return [];
  const { kind, text } = open.item;
  if (kind === "message") {
    return [
      about(open, "response.output_text.done", { content_index: 0, text, logprobs: [] }),
      about(open, "response.content_part.done", { content_index: 0, part: textPart(text) }),
    ];
  }
  return [
    about(open, "response.reasoning_summary_text.done", { summary_index: 0, text }),
    about(open, "response.reasoning_summary_part.done", { summary_index: 0, part: summaryPart(text) }),
  ];
}

interface CallOpening {
  readonly callId: string;
  readonly name: string;
  readonly input: string;
  readonly cursor: Cursor;
}

function openCall(state: ResponseState, { callId, name, input, cursor }: CallOpening): Told {
  const { conversation } = state.run;
  const approvalId = state.calls[callId]?.approvalId;
  const item: CallItem = {
    kind: "call",
    id: itemId(state, "mcp", cursor),
    name,
    arguments: input,
    approvalRequestId: approvalId === undefined ? null : approvalRequestId(conversation, approvalId),
  };
  const placed = { index: state.nextIndex, item };
  return inTurn(state, openAs(callKey(callId), item), (opened) => ({
    state: opened,
    frames: [
      about(placed, "response.mcp_call.in_progress", {}),
      about(placed, "response.mcp_call_arguments.delta", { delta: input }),
      about(placed, "response.mcp_call_arguments.done", { arguments: input }),
    ],
  }));
}

function endOpenCall(state: ResponseState, event: ToolResult | ToolError): Told {
  const key = callKey(event.callId);
  const found = openItem(state, key);
  if (found?.item.kind !== "call") return unchanged(state);
  const outcome = event.type === "tool-error" ? failed(event.message) : outcomeOf(event.output);
  const ended = withItem(state, found, { ...found, item: { ...found.item, outcome }, isWhole: true });
  const type = outcome.error ? "response.mcp_call.failed" : "response.mcp_call.completed";
  const told = { state: ended, frames: [about(found, type, {})] };
  // What the provider ran within its answer is withdrawn together with it.
  const isOfProvider = event.type === "tool-result" && event.providerExecuted === true;
  return isOfProvider ? told : inTurn(state, () => told, finish(key, "completed"));
}

function openAs(key: string, item: Item): Change {
  return (state) => {
    const index = state.nextIndex;
    const opened = { index, key, item, isWhole: false };
    const data = { output_index: index, item: openingJson(item, state.run.agent) };
    return {
      state: { ...state, open: [...state.open, opened], nextIndex: index + 1 },
      frames: [frame("response.output_item.added", data)],
    };
  };
}

function finish(key: string, status: DoneItem["status"]): Change {
  return (state) => {
    const found = state.open.find((each) => each.key === key);
    if (!found) return unchanged(state);
    const { index, item } = found;
    return {
      state: {
        ...state,
        open: state.open.filter((each) => each !== found),
        done: [...state.done, { index, item, status }],
      },
      frames: [itemDone(state, index, item, status)],
    };
  };
}

function itemDone({ run }: ResponseState, index: number, item: Item, status: ItemStatus): Frame {
  return frame("response.output_item.done", { output_index: index, item: itemJson(item, status, run.agent) });
}

/** An event that speaks of one item. */
function about({ index, item }: PlacedItem, type: string, data: JsonObject): Frame {
  return frame(type, { item_id: item.id, output_index: index, ...data });
}

function frame(type: string, data: JsonObject): Frame {
  return { event: type, data: { type, ...data } };
}

/** A provider may give one name to parts that follow one another. */
function openItem({ open: items }: ResponseState, key: string): OpenItem | undefined {
  return items.find((each) => each.key === key && !each.isWhole);
}

function withItem(state: ResponseState, found: OpenItem, changed: OpenItem): ResponseState {
  return { ...state, open: state.open.map((each) => (each === found ? changed : each)) };
}

function isText(item: Item): item is TextItem {
  return item.kind === "message" || item.kind === "reasoning";
}

const PREFIX: Record<TextKind, string> = { message: "msg", reasoning: "rs" };

/** Named for the entry that begins it: the same to every reader, and never that of something withdrawn. */
function itemId({ run }: ResponseState, prefix: string, cursor: Cursor): string {
  return `${prefix}_${runName({ conversation: run.conversation, run: run.run })}_${cursor}`;
}

function partKey(kind: TextKind, part: string): string {
  return `${kind}:${part}`;
}

function callKey(callId: string): string {
  return `call:${callId}`;
}
