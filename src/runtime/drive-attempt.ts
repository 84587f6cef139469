import { AgentError, fenced, nextStep } from "../core/index.ts";
import type { Conversation, Decision, LogEvent } from "../core/index.ts";
import type { DriveResult, DriveTask } from "../ports/index.ts";
import { beginAttempt } from "./attempt.ts";
import type { Attempt } from "./attempt.ts";
import { callModel, resetOpenStep } from "./call-model.ts";
import { callTools } from "./call-tools.ts";
import { cancelResponse, endRun, failRun } from "./end-run.ts";
import { policyOf } from "./policy.ts";
import type { Runtime } from "./runtime.ts";
import { toolResults } from "./tool-round.ts";

/** Which run an attempt is to be about, and what was known when that was decided. */
export interface AttemptPlan {
  readonly run: number;
  /** Where the run before ended. */
  readonly settled: Conversation["settled"];
}

/**
 * Takes hold of a conversation and goes on with the run of the plan until it has ended, waits for a person, or must be handed
 * over. Throws `fenced` when another worker takes hold meanwhile.
 */
export async function driveAttempt(
  runtime: Runtime,
  task: DriveTask,
  about: AttemptPlan,
): Promise<DriveResult | "run-ended"> {
  const start = await acquire(runtime, task, about);
  if (start === "run-ended") return start;
  if (!start) return { state: "idle" };
  const attempt = await beginAttempt(runtime, task, start);
  for (;;) {
    attempt.writer.failed.throwIfAborted();
    if (task.signal.aborted || task.draining.aborted) {
      attempt.writer.write({ type: "attempt-end", reason: "handed-over" });
      await attempt.writer.flush();
      return { state: "more" };
    }
    const inbox = await inboxOf(attempt);
    const decision = nextStep(attempt.writer.state, inbox, policyOf(attempt.agent), runtime.now());
    const result = await carryOut(attempt, decision, inbox);
    if (result !== "go-on") return result;
  }
}

/** A run that ended since the look at it leaves this one without a run: what comes after it is another look's. */
async function acquire(
  { store, worker }: Runtime,
  { id }: DriveTask,
  about: AttemptPlan,
): Promise<LogEvent | undefined | "run-ended"> {
  try {
    return await store.acquire(id, { worker, ...about });
  } catch (error) {
    if (AgentError.from(error).code === "fenced") return "run-ended";
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
      return { state: "waiting", wakeAt: decision.until };
    case "start-run": {
      const { item } = decision;
      const { runtime, task } = attempt;
      runtime.logger.info({ conversation: task.id, run: item.id, agent: item.agent }, "a run begins");
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
