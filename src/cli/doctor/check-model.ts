import { AgentError, randomId } from "../../core/index.ts";
import { ConfigurationError } from "../environment.ts";
import type { Environment } from "../environment.ts";
import { modelFromEnvironment } from "../model-from-environment.ts";
import type { ConfiguredModel } from "../model-from-environment.ts";
import { ok, unsafe, warning } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** How long a model may take for a word, in milliseconds. */
const CALL_LIMIT_MS = 60_000;

/** Which model is configured; called only when asked to, since that costs. */
export async function checkModel(
  environment: Environment,
  { call }: { readonly call: boolean },
): Promise<readonly Finding[]> {
  try {
    const model = await modelFromEnvironment(environment);
    return [describe(model), ...(call ? [await callModel(model)] : [])];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return [unsafe("model", error.message, `Install what is missing, or unset ${error.variable}.`)];
  }
}

function describe({ description, source }: ConfiguredModel): Finding {
  if (source !== "scripted") return ok("model", description);
  return warning(
    "model",
    "No model is configured: an offline demo planner answers for agents that name none.",
    "Set OPENAI_API_KEY or AZURE_OPENAI_ENDPOINT, unless the agents name their own models.",
  );
}

async function callModel({ agent }: ConfiguredModel): Promise<Finding> {
  const began = performance.now();
  const signal = AbortSignal.timeout(CALL_LIMIT_MS);
  const step = {
    agent: "Doctor",
    conversationId: randomId(),
    runId: randomId(),
    step: 1,
    instructions: "Answer with one word.",
    messages: [{ role: "user", content: [{ type: "text", text: "Say hello." }] }],
    tools: [],
    responseFormat: { type: "text" },
  } as const;
  try {
    let characters = 0;
    for await (const update of agent.stream(step, { signal, idempotencyKey: randomId() })) {
      if (update.type === "text-delta") characters += update.delta.length;
    }
    const tookMs = Math.round(performance.now() - began);
    if (characters > 0) return ok("model call", `The model answered in ${tookMs} ms.`);
    return unsafe("model call", "The model ended without a word.", "Look at its limits and filters.");
  } catch (error) {
    const { code, message } = signal.aborted
      ? { code: "deadline_exceeded", message: `no answer within ${CALL_LIMIT_MS / 1000} s` }
      : AgentError.from(error);
    return unsafe(
      "model call",
      `The model cannot be called: ${message} (${code})`,
      ADVICE[code] ?? OTHER_ADVICE,
    );
  }
}

const OTHER_ADVICE = "Look at the address, the name of the model and the network.";
const ADVICE: Readonly<Record<string, string>> = {
  model_unauthorized: "Set a key that is valid for this model, or grant the identity access to it.",
  model_rate_limited: "Wait, or ask the provider for a higher limit.",
};
