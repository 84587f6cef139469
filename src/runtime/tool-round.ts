import { AgentError, approvalIdOf, normalizeText } from "../core/index.ts";
import type {
  EventBody,
  JsonValue,
  OpenStep,
  ToolAction,
  ToolCallPart,
  ToolError,
  ToolOutput,
  ToolResultPart,
} from "../core/index.ts";
import { DEFAULT_TOOL_TIMEOUT_MS } from "../ports/index.ts";
import type { Tool, ToolContext } from "../ports/index.ts";
import type { LogWriter } from "./log-writer.ts";
import type { ToolSchemas } from "./tool-schemas.ts";

/** What a round of tool calls works with. */
export interface ToolRound {
  readonly step: number;
  readonly run: number;
  readonly tools: Readonly<Record<string, Tool>>;
  readonly toolSchemas: ToolSchemas;
  readonly writer: LogWriter;
  readonly context: Pick<ToolContext, "conversationId" | "runId" | "agentName" | "messages">;
  /** Aborts when the run is cancelled, fenced or handed over. */
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/**
 * Carries out what was decided for the calls of a round, at the same time. A call is logged before it is made and its
 * outcome after (L8); what is logged last is stored with what comes next. Rejects with the signal's reason when that
 * aborts; calls under way are then left without outcome.
 */
export async function runToolActions(round: ToolRound, actions: readonly ToolAction[]): Promise<void> {
  await Promise.all(actions.map((action) => carryOut(round, action)));
}

/** The message that answers a round, from the outcomes that were logged, in the order of the calls. */
export function toolResults(
  open: OpenStep | undefined,
  calls: readonly ToolCallPart[],
): readonly ToolResultPart[] {
  return calls.map(({ toolCallId, toolName, providerOptions }) => {
    const output = outputOf(open?.calls[toolCallId]?.outcome);
    // What a provider marked a call with, it wants to find again on its result.
    return { type: "tool-result", toolCallId, toolName, output, ...(providerOptions && { providerOptions }) };
  });
}

type Outcome = NonNullable<OpenStep["calls"][string]["outcome"]>;

function outputOf(outcome: Outcome | undefined): ToolOutput {
  if (outcome === undefined) return { type: "error-text", value: "The call has no outcome." };
  if (outcome.type === "tool-result") return outcome.output;
  return outcome.reason === "denied"
    ? { type: "execution-denied", reason: outcome.message }
    : { type: "error-text", value: outcome.message };
}

async function carryOut(round: ToolRound, action: ToolAction): Promise<void> {
  const { writer, step } = round;
  const { toolCallId: callId, toolName: name, input } = action.call;
  switch (action.kind) {
    case "execute":
      writer.write(await outcomeOf(round, action.call));
      return;
    case "refuse":
      writer.write({
        type: "tool-error",
        step,
        callId,
        name,
        reason: action.reason,
        message: action.message,
      });
      return;
    case "ask":
      writer.write({
        type: "approval-request",
        step,
        callId,
        name,
        input,
        ...approvalTerms(round, action.call),
      });
      return;
    case "answer": {
      const { approvalId, approved, reason, takes } = action;
      const response = { approvalId, callId, approved, ...(reason !== undefined && { reason }) };
      writer.write(
        { type: "approval-response", step, ...response },
        takes.length > 0 ? { takes } : undefined,
      );
      return;
    }
  }
}

function approvalTerms(
  { tools, now, run, step }: ToolRound,
  { toolName, toolCallId }: ToolCallPart,
): { readonly approvalId: string; readonly expiresAt?: number } {
  const timeout = tools[toolName]?.approvalTimeoutMs;
  const approvalId = approvalIdOf(run, step, toolCallId);
  return timeout === undefined ? { approvalId } : { approvalId, expiresAt: now() + timeout };
}

async function outcomeOf(round: ToolRound, call: ToolCallPart): Promise<EventBody> {
  const { step, writer, tools, toolSchemas } = round;
  const { toolCallId: callId, toolName: name, input } = call;
  const failed = (reason: ToolError["reason"], message: string): EventBody => ({
    type: "tool-error",
    step,
    callId,
    name,
    reason,
    message: normalizeText(message),
  });
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (!tool) return failed("unknown-tool", `There is no tool ${name}.`);
  const valid = await toolSchemas.validate(tool, input);
  // A schema may take its time: by now the run may have ended, and nothing may follow its end (L5).
  round.signal.throwIfAborted();
  if (!valid.ok) return failed("invalid-input", valid.message);
  writer.write({ type: "tool-call", step, callId, name, input });
  // A call that may be made twice need not be on record before it is made once.
  if (tool.retry !== "safe") await writer.flush();
  try {
    // The schema has just vouched for the input's type.
    const output = await execute(round, tool, call, valid.value as never);
    return { type: "tool-result", step, callId, name, output };
  } catch (error) {
    round.signal.throwIfAborted();
    if (error instanceof ToolTimeout) return failed("timed-out", error.message);
    return failed("failed", messageOf(error));
  }
}

class ToolTimeout extends Error {}

/** Runs a tool until it ends, its time is up or the round is aborted, whether or not the tool heeds its signal. */
async function execute(round: ToolRound, tool: Tool, call: ToolCallPart, input: never): Promise<ToolOutput> {
  const limitMs = tool.timeoutMs ?? DEFAULT_TOOL_TIMEOUT_MS;
  const abort = new AbortController();
  let over = false;
  const stop = (): void => abort.abort(round.signal.reason);
  round.signal.addEventListener("abort", stop, { once: true });
  const timer = setTimeout(
    () => abort.abort(new ToolTimeout(`The tool took longer than ${limitMs} ms.`)),
    limitMs,
  );
  try {
    round.signal.throwIfAborted();
    const context: ToolContext = {
      ...round.context,
      toolCallId: call.toolCallId,
      idempotencyKey: `${round.context.runId}:${round.step}:${call.toolCallId}`,
      abortSignal: abort.signal,
      report: (name, value) => {
        // What a tool reports after it has answered could come after the end of its run (L5).
        if (!over && !abort.signal.aborted)
          round.writer.write({ type: "data", step: round.step, name, value });
      },
    };
    return toolOutput(await Promise.race([tool.execute(input, context), aborted(abort.signal)]));
  } finally {
    over = true;
    clearTimeout(timer);
    round.signal.removeEventListener("abort", stop);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function toolOutput(value: unknown): ToolOutput {
  if (typeof value === "string") return { type: "text", value: normalizeText(value) };
  // What JSON cannot carry is dropped or becomes null, as it does anywhere else on the way to a model.
  const json = JSON.stringify(value ?? null) ?? "null";
  return { type: "json", value: JSON.parse(json) as JsonValue };
}

function messageOf(error: unknown): string {
  if (AgentError.isInstance(error)) return error.message;
  return error instanceof Error && error.message !== "" ? error.message : "The tool failed.";
}
