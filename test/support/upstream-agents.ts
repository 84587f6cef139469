import * as z from "zod";
import { AgentError, defineAgent, defineTool } from "../../src/index.ts";
import type { AgentDefinition, AgentUpdate, ModelStep, ToolContext } from "../../src/index.ts";
import { AGENT, placeIn, UPSTREAM_URL } from "./upstream-wire.ts";
import type { ToolName, UpstreamRequest } from "./upstream-wire.ts";

/** Agents for spawned processes: whatever they say and do, they ask the upstream of the test, over real HTTP. */
export const agents: readonly AgentDefinition[] = [
  defineAgent({
    name: AGENT,
    instructions: "Say what the upstream says.",
    model: askModel,
    tools: {
      look_up: upstreamTool("look_up", { retry: "safe" }),
      charge: upstreamTool("charge", { retry: "never" }),
      transfer: upstreamTool("transfer", { retry: "never", needsApproval: true }),
    },
    // A chaos run may kill one run's workers many times in a row; giving up is tested elsewhere.
    limits: { maxAttemptsWithoutProgress: 100, maxModelTries: 20 },
  }),
];

async function* askModel(
  step: ModelStep,
  { signal, idempotencyKey }: { readonly signal: AbortSignal; readonly idempotencyKey: string },
): AsyncGenerator<string | AgentUpdate> {
  const response = await ask(
    {
      kind: "model",
      worker: process.pid,
      conversation: step.conversationId,
      runId: step.runId,
      step: step.step,
      idempotencyKey,
      messages: step.messages,
      ...placeIn(step.messages),
    },
    signal,
  );
  if (!response.ok || !response.body) {
    throw new AgentError("model_unavailable", `The upstream answered ${response.status}.`, {
      retryAfterMs: 20,
    });
  }
  let held = "";
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (held + piece).split("\n");
    held = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as string | AgentUpdate;
  }
}

function upstreamTool(
  tool: ToolName,
  rules: { readonly retry: "safe" | "never"; readonly needsApproval?: boolean },
): ReturnType<typeof defineTool> {
  return defineTool({
    description: `Asks the upstream to ${tool}.`,
    inputSchema: z.object({ callId: z.string() }),
    ...rules,
    execute: async (_input: { readonly callId: string }, context) => askTool(tool, context),
  });
}

async function askTool(tool: ToolName, context: ToolContext): Promise<string> {
  const response = await ask(
    {
      kind: "tool",
      worker: process.pid,
      conversation: context.conversationId,
      runId: context.runId,
      run: placeIn(context.messages).run,
      idempotencyKey: context.idempotencyKey,
      tool,
      callId: context.toolCallId,
    },
    context.abortSignal,
  );
  if (!response.ok) throw new Error(`The upstream answered ${response.status}.`);
  return response.text();
}

function ask(request: UpstreamRequest, signal: AbortSignal): Promise<Response> {
  const url = process.env[UPSTREAM_URL];
  if (url === undefined) throw new Error(`${UPSTREAM_URL} is not set.`);
  return fetch(url, { method: "POST", body: JSON.stringify(request), signal });
}
