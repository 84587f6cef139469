import { deadlineOf } from "../core/index.ts";
import type { Decision } from "../core/index.ts";
import { toolsFor } from "./attempt.ts";
import type { Attempt } from "./attempt.ts";
import { watchInbox } from "./inbox-watch.ts";
import { runToolActions } from "./tool-round.ts";

/** Carries out what was decided for a round of tool calls, until it is done or the run is over. */
export async function callTools(
  attempt: Attempt,
  decision: Extract<Decision, { kind: "call-tools" }>,
): Promise<"go-on"> {
  const { runtime, task, agent, writer } = attempt;
  const { start } = writer.state;
  if (!start) return "go-on";
  const { step } = decision;
  if (decision.begin) writer.write({ type: "step-start", step, kind: "tools" });
  const watch = watchInbox(runtime, task, start.run, deadlineOf(writer.state, agent.limits, runtime.now()));
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
