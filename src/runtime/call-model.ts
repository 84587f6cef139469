import { AgentError, deadlineOf } from "../core/index.ts";
import type { Conversation, RunOptions } from "../core/index.ts";
import type { Agent } from "./agent.ts";
import { toolsFor } from "./attempt.ts";
import type { Attempt } from "./attempt.ts";
import { backOffMs, pause } from "./back-off.ts";
import { failRun } from "./end-run.ts";
import { watchInbox } from "./inbox-watch.ts";
import type { LogWriter } from "./log-writer.ts";
import { runModelStep } from "./model-step.ts";
import type { ContinuedStep } from "./model-step.ts";

const MODEL_BACK_OFF = { firstMs: 500, limitMs: 20_000 };
/** How long a provider's own wish to be left alone is heeded at most, in milliseconds. */
export const MAX_RETRY_AFTER_MS = 60_000;

/**
 * Makes the model call of a step, or goes on with one that has begun; fails the run when the model fails for good.
 */
export async function callModel(
  attempt: Attempt,
  step: number,
  inbox: Conversation["inbox"],
  continuing?: ContinuedStep,
): Promise<"go-on" | "run-ended"> {
  const { runtime, task, agent, writer } = attempt;
  const { start } = writer.state;
  if (!start) return "go-on";
  attempt.modelTries += 1;
  const watch = watchInbox(runtime, task, start.run, deadlineOf(writer.state, agent.limits, runtime.now()));
  const signal = AbortSignal.any([task.signal, writer.failed, watch.over]);
  try {
    const request = {
      agent: agent.name,
      conversationId: task.id,
      runId: start.id,
      step,
      instructions: instructionsFor(agent, start.options),
      messages: [...attempt.earlier, ...writer.state.messages],
      tools: await runtime.toolSchemas.describe(toolsFor(agent, start.options)),
      responseFormat: start.options.responseFormat ?? { type: "text" as const },
      ...(writer.state.finishReason === "interrupted" && { continues: true as const }),
    };
    await runModelStep(agent.model, request, {
      writer,
      signal,
      idleTimeoutMs: agent.limits.modelIdleTimeoutMs,
      continuing,
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
    return failRun(attempt, error, inbox);
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
  const watch = watchInbox(
    runtime,
    task,
    start?.run ?? 0,
    deadlineOf(writer.state, agent.limits, runtime.now()),
  );
  try {
    await pause(wait, AbortSignal.any([task.signal, task.draining, writer.failed, watch.over]));
  } finally {
    watch.end();
  }
  return "go-on";
}

/** Withdraws what the open step has said so far. */
export function resetOpenStep(writer: LogWriter, reason: "interrupted" | "retry"): void {
  const { open } = writer.state;
  if (!open) return;
  const { step, from, text } = open;
  writer.write({ type: "step-reset", step, from, reason, ...(text !== "" && { withdrawsText: true }) });
}

/** The agent's own instructions, and what the request adds for this run. */
function instructionsFor(agent: Agent, { instructions }: RunOptions): string {
  return instructions === undefined ? agent.instructions : `${agent.instructions}\n\n${instructions}`;
}

function modelError(error: unknown): AgentError {
  if (AgentError.isInstance(error)) return error;
  return new AgentError("model_failed", "The model failed.", { cause: error });
}
