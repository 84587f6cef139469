import { callsToExecute, cursorOf, isRunEnd } from "../../core/index.ts";
import type { JsonObject, LogEvent, RunEnd, ToolOutput } from "../../core/index.ts";
import { runName } from "../../protocol/index.ts";
import { awaitedApprovals, foldRound, NO_CALLS, parks } from "../ai-sdk/index.ts";
import type { OpenableProjection } from "../opened-at.ts";
import { pendingAfter } from "../pending-approvals.ts";
import { unchanged } from "../run-projection.ts";
import type { DescribedRun, Reduced } from "../run-projection.ts";
import { messagesOfStep, messagesSoFar } from "./ag-ui-state.ts";
import type { AgUiReader, AgUiState, OpenStep, ToolInput } from "./ag-ui-state.ts";
import { endOfRun, interrupt } from "./run-finished.ts";

type Told = Reduced<AgUiState>;
type Entry = Exclude<LogEvent, RunEnd>;
type EventOf<Type extends LogEvent["type"]> = Extract<LogEvent, { type: Type }>;

/**
 * A run as AG-UI events. The text of a step is one message, whatever its parts. What a step that begins again had said is
 * taken back by a snapshot of the messages without it. Where the run waits for people it finishes with an interrupt; what
 * comes after begins with a snapshot again.
 */
export function createAgUiProjection(reader: AgUiReader): OpenableProjection<AgUiState> {
  const opening = (state: AgUiState): readonly JsonObject[] => openingOf(reader, state);
  return {
    name: "ag-ui:1",
    start: (run) => framed({ state: begunRun(run), events: [runStarted(reader)] }),
    reduce(before, event) {
      const state = {
        ...before,
        round: foldRound(before.round, event),
        pending: pendingAfter(before.pending, event),
      };
      if (isRunEnd(event)) return framed(endRun(reader, before, state, event));
      // Only an answer brings a run on that waits: it was told to have finished.
      if (isAgUiParked(before))
        return isAgUiParked(state) ? unchanged(state) : framed({ state, events: opening(state) });
      const told = tellEntry(reader, state, event);
      if (!parks(before.round, state.round)) return framed(told);
      return framed({
        state: told.state,
        events: [...told.events, ...closeStep(told.state.step), interrupt(reader, told.state)],
      });
    },
    opening: (state) => opening(state).map((data) => ({ data })),
    isParked: isAgUiParked,
  };
}

/** Whether nothing but a person's answer can bring the run on. */
export function isAgUiParked({ round }: AgUiState): boolean {
  return awaitedApprovals(round).length > 0;
}

interface Events {
  readonly state: AgUiState;
  readonly events: readonly JsonObject[];
}

function framed({ state, events }: Events): Told {
  return { state, frames: events.map((data) => ({ data })) };
}

function begunRun(run: DescribedRun): AgUiState {
  return { run, done: [], step: undefined, round: NO_CALLS, pending: [], end: undefined };
}

function runStarted({ threadId, runId }: AgUiReader): JsonObject {
  return { type: "RUN_STARTED", threadId, runId };
}

function snapshot({ before }: AgUiReader, state: AgUiState): JsonObject {
  return { type: "MESSAGES_SNAPSHOT", messages: [...before, ...messagesSoFar(state)] };
}

/** What leads any client to a state: all messages, and whatever of the step is under way, begun again. */
function openingOf(reader: AgUiReader, state: AgUiState): readonly JsonObject[] {
  const opening = [runStarted(reader), snapshot(reader, state)];
  if (state.end) return [...opening, state.end];
  if (isAgUiParked(state)) return [...opening, interrupt(reader, state)];
  return state.step ? [...opening, ...beginAgain(state.step)] : opening;
}

function beginAgain(step: OpenStep): readonly JsonObject[] {
  const { name, messageId, text, inputs, reasoning } = step;
  return [
    { type: "STEP_STARTED", stepName: name },
    ...(text === undefined ? [] : [textStart(messageId)]),
    ...reasoning.flatMap((each) => reasoningStart(each.messageId)),
    ...inputs.flatMap((input) => [
      toolStart(step, input),
      ...(input.arguments === "" ? [] : [toolArgs(input.callId, input.arguments)]),
    ]),
  ];
}

function tellEntry(reader: AgUiReader, state: AgUiState, event: Entry): Events {
  switch (event.type) {
    case "step-start":
      return beginStep(state, event);
    case "text-delta":
      return say(state, event.delta);
    case "reasoning-start":
      return beginReasoning(state, event);
    case "reasoning-delta":
      return think(state, event);
    case "reasoning-end":
      return endReasoning(state, event);
    case "tool-input-start":
      return beginInput(state, { callId: event.callId, name: event.name, arguments: "" });
    case "tool-input-delta":
      return writeInput(state, event);
    case "tool-call":
      // Of our own calls the input was told with the step that asked for them.
      return event.providerExecuted
        ? endInput(state, { callId: event.callId, name: event.name, arguments: JSON.stringify(event.input) })
        : silent(state);
    case "tool-result":
      return addResult(state, event.callId, textOfOutput(event.output));
    case "tool-error":
      return addResult(state, event.callId, event.message, event.message);
    case "data":
      return { state, events: [{ type: "CUSTOM", name: event.name, value: event.value }] };
    case "step-end":
      return endStep(state, event);
    case "step-reset":
      return withdraw(reader, state);
    case "attempt-start":
    case "attempt-end":
    case "run-start":
    case "provider-response":
    case "provider-response-lost":
    case "text-start":
    case "text-end":
    case "approval-request":
    case "approval-response":
      return silent(state);
  }
}

function silent(state: AgUiState): Events {
  return { state, events: [] };
}

function beginStep(state: AgUiState, { kind, step }: EventOf<"step-start">): Events {
  const name = `${kind} ${step}`;
  const messageId = `${runName(state.run)}:${step}`;
  const open = { name, messageId, text: undefined, inputs: [], calls: [], results: [], reasoning: [] };
  return { state: { ...state, step: open }, events: [{ type: "STEP_STARTED", stepName: name }] };
}

function inStep(
  state: AgUiState,
  tell: (step: OpenStep) => readonly [OpenStep, readonly JsonObject[]],
): Events {
  if (!state.step) return silent(state);
  const [step, events] = tell(state.step);
  return { state: { ...state, step }, events };
}

function say(state: AgUiState, delta: string): Events {
  // Clients refuse empty ones.
  if (delta === "") return silent(state);
  return inStep(state, (step) => [
    { ...step, text: (step.text ?? "") + delta },
    [
      ...(step.text === undefined ? [textStart(step.messageId)] : []),
      { type: "TEXT_MESSAGE_CONTENT", messageId: step.messageId, delta },
    ],
  ]);
}

function textStart(messageId: string): JsonObject {
  return { type: "TEXT_MESSAGE_START", messageId, role: "assistant" };
}

/** Named by its entry: a thought that was withdrawn stays with the client, and must not go on in another. */
function beginReasoning(state: AgUiState, event: EventOf<"text-start" | "reasoning-start">): Events {
  const messageId = `${runName(state.run)}:${cursorOf(event)}`;
  return inStep(state, (step) => [
    { ...step, reasoning: [...step.reasoning, { part: event.id, messageId }] },
    reasoningStart(messageId),
  ]);
}

function reasoningStart(messageId: string): readonly JsonObject[] {
  return [
    { type: "REASONING_START", messageId },
    { type: "REASONING_MESSAGE_START", messageId, role: "reasoning" },
  ];
}

function reasoningEnd(messageId: string): readonly JsonObject[] {
  return [
    { type: "REASONING_MESSAGE_END", messageId },
    { type: "REASONING_END", messageId },
  ];
}

function think(state: AgUiState, { id, delta }: EventOf<"reasoning-delta">): Events {
  const open = state.step?.reasoning.find(({ part }) => part === id);
  if (!open || delta === "") return silent(state);
  return { state, events: [{ type: "REASONING_MESSAGE_CONTENT", messageId: open.messageId, delta }] };
}

function endReasoning(state: AgUiState, { id }: EventOf<"text-end" | "reasoning-end">): Events {
  return inStep(state, (step) => {
    const open = step.reasoning.find(({ part }) => part === id);
    const reasoning = step.reasoning.filter((each) => each !== open);
    return [{ ...step, reasoning }, open ? reasoningEnd(open.messageId) : []];
  });
}

function beginInput(state: AgUiState, input: ToolInput): Events {
  return inStep(state, (step) => [{ ...step, inputs: [...step.inputs, input] }, [toolStart(step, input)]]);
}

function writeInput(state: AgUiState, { callId, delta }: EventOf<"tool-input-delta">): Events {
  if (delta === "" || !state.step?.inputs.some((input) => input.callId === callId)) return silent(state);
  return inStep(state, (step) => {
    const inputs = step.inputs.map((input) =>
      input.callId === callId ? { ...input, arguments: input.arguments + delta } : input,
    );
    return [{ ...step, inputs }, [toolArgs(callId, delta)]];
  });
}

/** The input of a call is whole, whether or not it was seen to be written. */
function endInput(state: AgUiState, whole: ToolInput): Events {
  return inStep(state, (step) => {
    if (step.calls.some(({ callId }) => callId === whole.callId)) return [step, []];
    const written = step.inputs.find(({ callId }) => callId === whole.callId);
    const call = written && written.arguments !== "" ? written : whole;
    const inputs = step.inputs.filter((input) => input !== written);
    return [
      { ...step, inputs, calls: [...step.calls, call] },
      [
        ...(written ? [] : [toolStart(step, whole)]),
        ...(call === written ? [] : [toolArgs(whole.callId, whole.arguments)]),
        { type: "TOOL_CALL_END", toolCallId: whole.callId },
      ],
    ];
  });
}

function toolStart({ messageId }: OpenStep, { callId, name }: ToolInput): JsonObject {
  return {
    type: "TOOL_CALL_START",
    toolCallId: callId,
    toolCallName: name,
    parentMessageId: messageId,
  };
}

function toolArgs(toolCallId: string, delta: string): JsonObject {
  return { type: "TOOL_CALL_ARGS", toolCallId, delta };
}

function addResult(state: AgUiState, toolCallId: string, content: string, error?: string): Events {
  const id = `${runName(state.run)}:${toolCallId}`;
  const message = { id, role: "tool", toolCallId, content, ...(error !== undefined && { error }) };
  return inStep(state, (step) => [
    { ...step, results: [...step.results, message] },
    [{ type: "TOOL_CALL_RESULT", messageId: id, toolCallId, content, role: "tool" }],
  ]);
}

export function textOfOutput(output: ToolOutput): string {
  switch (output.type) {
    case "text":
    case "error-text":
      return output.value;
    case "json":
      return JSON.stringify(output.value);
    case "execution-denied":
      return output.reason ?? "The call was not allowed.";
  }
}

function endStep(state: AgUiState, { message }: EventOf<"step-end">): Events {
  const calls = message.role === "assistant" ? callsToExecute(message) : [];
  let told = silent(state);
  for (const { toolCallId: callId, toolName: name, input } of calls) {
    const next = endInput(told.state, { callId, name, arguments: JSON.stringify(input) });
    told = { state: next.state, events: [...told.events, ...next.events] };
  }
  const { step } = told.state;
  return {
    state: {
      ...told.state,
      step: undefined,
      done: step ? [...state.done, ...messagesOfStep(step)] : state.done,
    },
    events: [...told.events, ...closeStep(step)],
  };
}

/** Clients refuse a run's end, or a message's second beginning, while something is open. */
function closeStep(step: OpenStep | undefined): readonly JsonObject[] {
  if (!step) return [];
  return [
    ...step.reasoning.flatMap(({ messageId }) => reasoningEnd(messageId)),
    ...(step.text === undefined ? [] : [{ type: "TEXT_MESSAGE_END", messageId: step.messageId }]),
    ...step.inputs.map(({ callId }) => ({ type: "TOOL_CALL_END", toolCallId: callId })),
    { type: "STEP_FINISHED", stepName: step.name },
  ];
}

function withdraw(reader: AgUiReader, state: AgUiState): Events {
  const next = { ...state, step: undefined };
  return { state: next, events: [...closeStep(state.step), snapshot(reader, next)] };
}

/** A run that ended while it waited was told to have finished: it starts once more, to end as it did. */
function endRun(reader: AgUiReader, before: AgUiState, state: AgUiState, event: LogEvent & RunEnd): Events {
  const end = endOfRun(reader, event);
  const { step } = state;
  const done = step ? [...state.done, ...messagesOfStep(step)] : state.done;
  const ended = { ...state, step: undefined, done, end };
  const last = isAgUiParked(before) ? [runStarted(reader), end] : [...closeStep(step), end];
  return { state: ended, events: last };
}
