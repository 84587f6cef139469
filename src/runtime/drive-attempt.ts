import { AgentError, fenced, nextStep } from "../core/index.ts";
import type { Conversation, Decision, LogEvent } from "../core/index.ts";
import type { DriveResult, DriveTask, ForeseenOpening, Opening } from "../ports/index.ts";
import { beginAttempt, messagesBefore } from "./attempt.ts";
import type { Attempt } from "./attempt.ts";
import { callModel, resetOpenStep } from "./call-model.ts";
import { callTools } from "./call-tools.ts";
import { cancelResponse, endRun, failRun } from "./end-run.ts";
import type { LoadedRun } from "./load-run.ts";
import type { LogWriter } from "./log-writer.ts";
import type { ContinuedStep } from "./model-step.ts";
import { foreseenOpening, openingFor, runStartOf } from "./opening.ts";
import { policyOf } from "./policy.ts";
import type { Runtime } from "./runtime.ts";
import { toolResults } from "./tool-round.ts";

/**
 * Takes hold of a conversation and goes on with the run that was loaded, or with the one that waits first, until it has
 * ended, waits for a person, or must be handed over. Throws `fenced` when another worker takes hold meanwhile.
 */
export async function driveAttempt(
  runtime: Runtime,
  task: DriveTask,
  loaded: LoadedRun,
): Promise<DriveResult | "run-ended"> {
  const [hold, earlier] = await Promise.all([
    acquire(runtime, task, loaded),
    messagesBefore(runtime, loaded.conversation),
  ]);
  if (hold === "run-ended") return hold;
  if (!hold) return { state: "idle" };
  const attempt = await beginAttempt(runtime, task, { loaded, earlier, ...hold });
  const { open } = attempt.writer.state;
  const stops = task.signal.aborted || task.draining.aborted;
  if (hold.opening && open && !stops) {
    const { inbox } = loaded.conversation;
    const result = await callModel(attempt, open.step, inbox, { kind: "begun" });
    if (result !== "go-on") return result;
  }
  return goOn(attempt);
}

/** One decision after the other. What takes no time leaves the inbox as it is known. */
async function goOn(attempt: Attempt): Promise<DriveResult | "run-ended"> {
  const { runtime, task } = attempt;
  let inbox: Conversation["inbox"] | undefined;
  for (;;) {
    attempt.writer.failed.throwIfAborted();
    if (task.signal.aborted || task.draining.aborted) {
      attempt.writer.write({ type: "attempt-end", reason: "handed-over" });
      await attempt.writer.flush();
      return { state: "more" };
    }
    inbox ??= await inboxOf(attempt);
    const decision = nextStep(attempt.writer.state, inbox, policyOf(attempt.agent), runtime.now());
    const result = await carryOut(attempt, decision, inbox);
    if (result !== "go-on") return result;
    if (takesTime(decision)) inbox = undefined;
  }
}

function takesTime({ kind }: Decision): boolean {
  return kind === "call-model" || kind === "reattach-step" || kind === "call-tools";
}

interface Hold {
  readonly start: LogEvent;
  readonly opening: Opening | undefined;
}

/**
 * A run that ended since the look at it leaves this one without a run: what comes after it is another look's. Throws
 * `fenced` when another worker took hold before the attempt was opened: then the conversation is that one's.
 */
async function acquire(
  runtime: Runtime,
  { id }: DriveTask,
  loaded: LoadedRun,
): Promise<Hold | undefined | "run-ended"> {
  const { store, worker } = runtime;
  const { settled, createdAt } = loaded.conversation;
  const holder = { worker, run: runOrdinal(loaded) };
  let opening: Opening | undefined;
  let foreseen: ForeseenOpening | undefined;
  let begun = false;
  const open = (start: LogEvent): Opening | undefined => {
    begun = true;
    return (opening = openingFor(runtime, loaded, start));
  };
  try {
    const start = await store.acquire(id, {
      ...holder,
      settled,
      createdAt,
      opening: open,
      foresee: () => (foreseen = foreseenOpening(runtime, loaded, holder)),
    });
    return start && { start, opening: begun ? opening : foreseen };
  } catch (error) {
    if (!begun && AgentError.from(error).code === "fenced") return "run-ended";
    throw error;
  }
}

async function inboxOf({ runtime, task }: Attempt): Promise<Conversation["inbox"]> {
  const conversation = await runtime.store.conversation(task.id);
  if (!conversation) throw fenced();
  return conversation.inbox;
}

async function carryOut(
  attempt: Attempt,
  decision: Decision,
  inbox: Conversation["inbox"],
): Promise<DriveResult | "run-ended" | "go-on"> {
  const { writer } = attempt;
  switch (decision.kind) {
    case "idle":
      return { state: "idle" };
    case "await-approval":
      await writer.flush();
      return { state: "waiting", wakeAt: decision.until };
    case "start-run":
      writer.write(runStartOf(decision.item), { takes: [decision.item.itemId] });
      return "go-on";
    case "reset-step":
      resetOpenStep(writer, "interrupted");
      return "go-on";
    case "keep-step": {
      const content = [{ type: "text", text: decision.text.trimStart() }] as const;
      const message = { role: "assistant", content } as const;
      writer.write({ type: "step-end", step: decision.step, message, finishReason: "interrupted" });
      return "go-on";
    }
    case "reattach-step":
      return callModel(attempt, decision.step, inbox, openResponse(writer));
    case "call-model":
      return callModel(attempt, decision.step, inbox);
    case "call-tools":
      return callTools(attempt, decision);
    case "end-tools": {
      const content = toolResults(writer.state.open, decision.calls);
      writer.write({ type: "step-end", step: decision.step, message: { role: "tool", content } });
      return "go-on";
    }
    case "complete-run":
      return endRun(attempt, { type: "run-completed", usage: writer.state.usage }, inbox);
    case "stop-short":
      return endRun(
        attempt,
        { type: "run-incomplete", reason: decision.reason, usage: writer.state.usage },
        inbox,
      );
    case "fail-run":
      return failRun(attempt, new AgentError(decision.code, decision.message), inbox);
    case "cancel-run": {
      const { reason } = decision;
      const { usage } = writer.state;
      // Before the end: a worker lost in between leaves it to the next to do both.
      await cancelResponse(attempt);
      return endRun(
        attempt,
        { type: "run-cancelled", usage, ...(reason !== undefined && { reason }) },
        inbox,
      );
    }
  }
}

function openResponse({ state }: LogWriter): ContinuedStep | undefined {
  const response = state.open?.response;
  return response && { kind: "response", response };
}

/** The ordinal of the run that an attempt would be about. */
function runOrdinal({ conversation, state }: LoadedRun): number {
  if (state.start && !state.end) return state.start.run;
  const queued = conversation.inbox.find((item) => item.kind === "run");
  return queued?.kind === "run" ? queued.run : conversation.runs;
}
