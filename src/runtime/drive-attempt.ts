import { AgentError, deadlineOf, fenced, nextStep } from "../core/index.ts";
import type {
  Conversation,
  Decision,
  LogEvent,
  Message,
  ProviderResponse,
  RunEnd,
  RunOptions,
} from "../core/index.ts";
import type { DriveResult, DriveTask } from "../ports/index.ts";
import type { Agent } from "./agent.ts";
import { backOffMs, pause } from "./back-off.ts";
import { createCallbackQueue } from "./callbacks.ts";
import type { CallbackQueue } from "./callbacks.ts";
import { endRun } from "./end-run.ts";
import { watchInbox } from "./inbox-watch.ts";
import { loadRun } from "./load-run.ts";
import { createLogWriter } from "./log-writer.ts";
import type { LogWriter } from "./log-writer.ts";
import { runModelStep } from "./model-step.ts";
import { policyOf } from "./policy.ts";
import { createRunMeter, isRecovery } from "./run-metrics.ts";
import type { Runtime } from "./runtime.ts";
import { runToolActions, toolResults } from "./tool-round.ts";

const MODEL_BACK_OFF = { firstMs: 500, limitMs: 20_000 };
/** How long a provider's own wish to be left alone is heeded at most, in milliseconds. */
export const MAX_RETRY_AFTER_MS = 60_000;

/** One worker's hold on a conversation while one run proceeds. */
interface Attempt {
  readonly runtime: Runtime;
  readonly task: DriveTask;
  readonly agent: Agent;
  readonly writer: LogWriter;
  readonly callbacks: CallbackQueue;
  /** What was said in the conversation before this run. */
  readonly earlier: readonly Message[];
  /** The entry after which this run's entries begin. */
  readonly settled: Conversation["settled"];
  /** How often the open model step has been tried. */
  modelTries: number;
}

/**
 * Takes hold of a conversation and goes on with the run `run` until it has ended, waits for a person, or must be handed
 * over. Throws `fenced` when another worker takes hold meanwhile.
 */
export async function driveAttempt(
  runtime: Runtime,
  task: DriveTask,
  run: number,
): Promise<DriveResult | "run-ended"> {
  const start = await runtime.store.acquire(task.id, { worker: runtime.worker, run });
  if (!start) return { state: "idle" };
  const attempt = await beginAttempt(runtime, task, start);
  for (;;) {
    attempt.writer.failed.throwIfAborted();
    if (task.signal.aborted || task.draining.aborted) {
      await attempt.writer.flush();
      return { state: "more" };
    }
    const inbox = await inboxOf(attempt);
    const decision = nextStep(attempt.writer.state, inbox, policyOf(attempt.agent), runtime.now());
    const result = await carryOut(attempt, decision, inbox);
    if (result !== "go-on") return result;
  }
}

async function beginAttempt(runtime: Runtime, task: DriveTask, start: LogEvent): Promise<Attempt> {
  const { conversation, state, last } = await loadRun(runtime.store, task.id);
  // Another worker took hold between our taking hold and our reading: its attempt is not ours to write.
  if (!last || last.attempt !== start.attempt) throw fenced();
  const agent = runtime.agents.find(conversation.agent);
  if (!agent) {
    throw new AgentError("agent_not_found", `No agent ${conversation.agent} runs in this process.`);
  }
  const history = await runtime.store.history(task.id);
  const callbacks = createCallbackQueue(
    [runtime.callbacks, agent.callbacks],
    () => contextOf(writer, task),
    runtime.logger,
  );
  const meter = createRunMeter(runtime.metrics, agent, state);
  if (isRecovery(state)) runtime.metrics.runRecovered(agent.name);
  const writer = createLogWriter({
    store: runtime.store,
    id: task.id,
    state,
    last,
    now: runtime.now,
    signal: task.signal,
    onStored: (events) => {
      meter.count(events);
      for (const event of events) callbacks.update(event);
    },
  });
  return {
    runtime,
    task,
    agent,
    writer,
    callbacks,
    earlier: history.flatMap((record) => record.messages),
    settled: conversation.settled,
    modelTries: 0,
  };
}

function contextOf(writer: LogWriter, task: DriveTask) {
  const { start } = writer.state;
  return (
    start && {
      agentName: start.agent,
      conversationId: task.id,
      correlationId: start.id,
      requestMessage: start.input,
    }
  );
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
      return { state: "waiting", wakeAt: decision.until };
    case "start-run": {
      const { item } = decision;
      writer.write(
        {
          type: "run-start",
          id: item.id,
          agent: item.agent,
          input: item.input,
          acceptedAt: item.at,
          options: item.options,
          ...(item.metadata && { metadata: item.metadata }),
        },
        { takes: [item.itemId] },
      );
      return "go-on";
    }
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
      return callModel(attempt, decision.step, inbox, writer.state.open?.response);
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
      return end(attempt, { type: "run-completed", usage: writer.state.usage }, inbox);
    case "stop-short":
      return end(
        attempt,
        { type: "run-incomplete", reason: decision.reason, usage: writer.state.usage },
        inbox,
      );
    case "fail-run":
      return fail(attempt, new AgentError(decision.code, decision.message), inbox);
    case "cancel-run": {
      const { reason } = decision;
      const { usage } = writer.state;
      // Before the end: a worker lost in between leaves it to the next to do both.
      await cancelResponse(attempt);
      return end(attempt, { type: "run-cancelled", usage, ...(reason !== undefined && { reason }) }, inbox);
    }
  }
}

async function callModel(
  attempt: Attempt,
  step: number,
  inbox: Conversation["inbox"],
  response?: ProviderResponse,
): Promise<"go-on" | "run-ended"> {
  const { runtime, task, agent, writer } = attempt;
  const { start } = writer.state;
  if (!start) return "go-on";
  attempt.modelTries += 1;
  const watch = watchInbox(runtime, task, start.run, deadlineOf(writer.state, agent.limits));
  const signal = AbortSignal.any([task.signal, writer.failed, watch.over]);
  try {
    const request = {
      agent: agent.name,
      conversationId: task.id,
      runId: start.id,
      step,
      instructions: agent.instructions,
      messages: [...attempt.earlier, ...writer.state.messages],
      tools: await runtime.toolSchemas.describe(toolsFor(agent, start.options)),
      responseFormat: start.options.responseFormat ?? { type: "text" as const },
      ...(writer.state.finishReason === "interrupted" && { continues: true as const }),
    };
    await runModelStep(agent.model, request, {
      writer,
      signal,
      idleTimeoutMs: agent.limits.modelIdleTimeoutMs,
      response,
    });
    attempt.modelTries = 0;
    return "go-on";
  } catch (error) {
    writer.failed.throwIfAborted();
    // Cancelled or handed over: the next decision sees to it, with what was written so far.
    if (signal.aborted) return "go-on";
    return await afterModelError(attempt, step, modelError(error), inbox);
  } finally {
    watch.end();
  }
}

/** Tries a step again where the model's provider says that this may help, and fails the run otherwise. */
async function afterModelError(
  attempt: Attempt,
  step: number,
  error: AgentError,
  inbox: Conversation["inbox"],
): Promise<"go-on" | "run-ended"> {
  const { runtime, task, agent, writer } = attempt;
  const facts = { conversation: task.id, step, tries: attempt.modelTries, error };
  runtime.metrics.modelTryFailed({ agent: agent.name, code: error.code });
  if (!error.retryable || attempt.modelTries >= agent.limits.maxModelTries) {
    runtime.logger.error(facts, "the model failed");
    return fail(attempt, error, inbox);
  }
  runtime.logger.warn(facts, "the model failed; trying again");
  const { open, start } = writer.state;
  // Where broken-off answers are kept, here or at the provider, the next decision sees to that.
  const isKept = agent.onInterrupted === "continue" || (open?.response && agent.model.responses);
  if (open && !isKept) resetOpenStep(writer, "retry");
  const wait = Math.min(
    error.retryAfterMs ?? backOffMs(MODEL_BACK_OFF, attempt.modelTries),
    MAX_RETRY_AFTER_MS,
  );
  const watch = watchInbox(runtime, task, start?.run ?? 0, deadlineOf(writer.state, agent.limits));
  try {
    await pause(wait, AbortSignal.any([task.signal, task.draining, writer.failed, watch.over]));
  } finally {
    watch.end();
  }
  return "go-on";
}

function resetOpenStep(writer: LogWriter, reason: "interrupted" | "retry"): void {
  const { open } = writer.state;
  if (!open) return;
  const { step, from, text } = open;
  writer.write({ type: "step-reset", step, from, reason, ...(text !== "" && { withdrawsText: true }) });
}

function modelError(error: unknown): AgentError {
  if (AgentError.isInstance(error)) return error;
  return new AgentError("model_failed", "The model failed.", { cause: error });
}

async function callTools(
  attempt: Attempt,
  decision: Extract<Decision, { kind: "call-tools" }>,
): Promise<"go-on"> {
  const { runtime, task, agent, writer } = attempt;
  const { start } = writer.state;
  if (!start) return "go-on";
  const { step } = decision;
  if (decision.begin) writer.write({ type: "step-start", step, kind: "tools" });
  const watch = watchInbox(runtime, task, start.run, deadlineOf(writer.state, agent.limits));
  const signal = AbortSignal.any([task.signal, writer.failed, watch.over]);
  const messages = [...attempt.earlier, ...writer.state.messages];
  try {
    await runToolActions(
      {
        step,
        run: start.run,
        tools: toolsFor(agent, start.options),
        toolSchemas: runtime.toolSchemas,
        writer,
        context: { conversationId: task.id, runId: start.id, agentName: agent.name, messages },
        signal,
        now: runtime.now,
      },
      decision.actions,
    );
  } catch (error) {
    writer.failed.throwIfAborted();
    if (!signal.aborted) throw error;
  } finally {
    watch.end();
  }
  return "go-on";
}

/** A run that wants no tools has none: a model may call what it was not offered. */
function toolsFor(agent: Agent, options: RunOptions): Agent["tools"] {
  return options.enableToolCalls === false ? {} : agent.tools;
}

async function fail(attempt: Attempt, error: AgentError, inbox: Conversation["inbox"]): Promise<"run-ended"> {
  const { code, message } = error;
  await end(attempt, { type: "run-failed", code, message, usage: attempt.writer.state.usage }, inbox);
  // After the end, which only the holder can log: another may be reading the response by now.
  await cancelResponse(attempt);
  return "run-ended";
}

/** How long a provider has to stop a response that nobody will read, in milliseconds; the run does not wait longer. */
export const PROVIDER_CANCEL_LIMIT_MS = 3_000;

/** Tells the provider to stop the open step's response, at least once; without it all of it would be paid for (L11). */
async function cancelResponse({ runtime, task, agent, writer }: Attempt): Promise<void> {
  const responseId = writer.state.open?.response?.responseId;
  if (responseId === undefined || !agent.model.responses) return;
  const signal = AbortSignal.any([task.signal, AbortSignal.timeout(PROVIDER_CANCEL_LIMIT_MS)]);
  try {
    await agent.model.responses.cancel(responseId, { signal });
  } catch (error) {
    runtime.logger.warn(
      { conversation: task.id, responseId, error },
      "could not stop a response at its provider, which ends by itself",
    );
  }
}

async function end(attempt: Attempt, event: RunEnd, inbox: Conversation["inbox"]): Promise<"run-ended"> {
  const { writer, settled, callbacks, runtime } = attempt;
  const record = await endRun(writer, event, { inbox, settled }, runtime.now());
  callbacks.response(record);
  return "run-ended";
}
