import { applyEvent, comesNext, nextStep } from "../core/index.ts";
import type { Decision, EventBody, LogEvent, QueuedRun } from "../core/index.ts";
import type { ForeseenOpening, Holder, Opening } from "../ports/index.ts";
import type { LoadedRun } from "./load-run.ts";
import { policyOf } from "./policy.ts";
import type { Runtime } from "./runtime.ts";

/**
 * What an attempt opens with that is about a run which waits: the run's start and that of its first model call, so that
 * taking hold, beginning and calling wait for the store once (L8 holds: nothing is paid for before that). Undefined when
 * somebody wrote since the run was loaded, or when something else is to be done first.
 */
export function openingFor(
  { agents, now }: Runtime,
  { conversation, state, position }: LoadedRun,
  start: LogEvent,
): Opening | undefined {
  const agent = agents.find(conversation.agent);
  if (!agent || !comesNext(start, position)) return undefined;
  const policy = policyOf(agent);
  const begun = applyEvent(state, start);
  const first = nextStep(begun, conversation.inbox, policy, now());
  if (first.kind !== "start-run") return undefined;
  const runStart = entryAfter(start, runStartOf(first.item), now());
  const next: Decision = nextStep(applyEvent(begun, runStart), conversation.inbox, policy, now());
  const takes = [first.item.itemId];
  if (next.kind !== "call-model") return { events: [runStart], takes };
  const stepStart = entryAfter(runStart, { type: "step-start", step: next.step, kind: "model" }, now());
  return { events: [runStart, stepStart], takes };
}

/** The same before the attempt has begun: it is the next one, if nobody writes before it. */
export function foreseenOpening(
  runtime: Runtime,
  loaded: LoadedRun,
  holder: Pick<Holder, "worker" | "run">,
): ForeseenOpening | undefined {
  const { attempt: newest, tip: follows } = loaded.conversation;
  const attempt = newest + 1;
  const place = { v: 1, attempt, seq: 0, at: runtime.now() } as const;
  const opening = openingFor(runtime, loaded, { ...place, ...holder, type: "attempt-start", follows });
  return opening && { ...opening, attempt, follows };
}

/** The first entry of a run that a request asked for. */
export function runStartOf(item: QueuedRun): Extract<EventBody, { type: "run-start" }> {
  const { id, agent, input, at, options, metadata, preceding } = item;
  return {
    type: "run-start",
    id,
    agent,
    input,
    acceptedAt: at,
    options,
    ...(metadata && { metadata }),
    ...(preceding && { preceding }),
  };
}

function entryAfter({ attempt, seq, run }: LogEvent, body: EventBody, at: number): LogEvent {
  return { v: 1, attempt, seq: seq + 1, at, run, ...body };
}
