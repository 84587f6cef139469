import { AgentError, createTextNormalizer, textOf } from "../core/index.ts";
import type {
  AssistantMessage,
  FinishReason,
  ProviderOptions,
  ProviderResponse,
  TextNormalizer,
  Usage,
} from "../core/index.ts";
import type { AgentUpdate, ModelAgent, ModelStep, ModelStepOptions } from "../ports/index.ts";
import type { LogWriter } from "./log-writer.ts";
import { unloggedAnswer, wholeAnswer } from "./unlogged.ts";
import type { AnswerLog } from "./unlogged.ts";

export interface ModelStepContext {
  readonly writer: LogWriter;
  readonly signal: AbortSignal;
  /** How long the model may say nothing, in milliseconds. */
  readonly idleTimeoutMs: number;
  readonly continuing?: ContinuedStep | undefined;
}

/** A step that is logged as begun already: by this very attempt, in its opening, or with its response at the provider. */
export type ContinuedStep =
  | { readonly kind: "begun" }
  /** The response is read on instead of making a call. */
  | { readonly kind: "response"; readonly response: ProviderResponse };

/**
 * Makes one model call, or reads on a response that the provider has gone on with, and logs what it says as it says it,
 * then its whole message as the step's end. Rejects with the signal's reason when it aborts, with a `model_…` error when
 * the model fails; the step is then left open.
 */
export async function runModelStep(
  model: ModelAgent,
  request: ModelStep,
  { writer, signal, idleTimeoutMs, continuing }: ModelStepContext,
): Promise<void> {
  const { step } = request;
  const response = continuing?.kind === "response" ? continuing.response : undefined;
  if (!continuing) {
    writer.write({ type: "step-start", step, kind: "model" });
    // A worker that has lost the conversation without knowing it finds out before it pays for a call (L8).
    await writer.flush();
  }
  const log = response ? unloggedAnswer(writer, step, response) : wholeAnswer(writer);
  const answer = createAnswer(writer, step, log);
  const idempotencyKey = `${request.runId}:${step}`;
  const hearing = listen(signal, idleTimeoutMs);
  try {
    const options = { signal: hearing.stop, idempotencyKey };
    for await (const update of updatesOf(model, request, options, response)) {
      hearing.heard();
      answer.take(update);
      // A crash before this is stored loses the response, which is then paid for and never read.
      if (update.type === "provider-response") await writer.flush();
      // Asked first: a promise for each token would be the dearest thing that happens to it here.
      if (writer.full) await writer.room();
    }
    hearing.heard();
  } finally {
    hearing.end();
  }
  const { message, usage, finishReason } = answer.end();
  log.end();
  // Stored at the latest before the next step does anything: each waits for what it builds on (L8).
  writer.write({ type: "step-end", step, message, usage, finishReason });
}

function updatesOf(
  model: ModelAgent,
  request: ModelStep,
  options: ModelStepOptions,
  response: ProviderResponse | undefined,
): AsyncIterable<AgentUpdate> {
  if (!response) return model.stream(request, options);
  if (!model.responses) throw new TypeError("Only a model whose provider keeps responses can read one on.");
  return model.responses.resume(response.responseId, request, options);
}

/** Hears a model out, until it is to stop or has said nothing for too long. */
interface Hearing {
  /** Aborts with the reason to stop, or with `model_unavailable`. */
  readonly stop: AbortSignal;
  /** Breaks the silence; throws the reason once `stop` has aborted. */
  heard(): void;
  end(): void;
}

/** One signal of its own and a flag: a composed signal is too slow to be asked for every token. */
function listen(signal: AbortSignal, limitMs: number): Hearing {
  const stop = new AbortController();
  let stopped = false;
  let heardAt = performance.now();
  let timer = setTimeout(look, limitMs);

  function abort(reason: unknown): void {
    stopped = true;
    stop.abort(reason);
  }

  function giveUp(): void {
    abort(signal.reason);
  }

  /** Winding the timer up for every token would cost more than to ask now and then when the last one came. */
  function look(): void {
    const restMs = heardAt + limitMs - performance.now();
    if (restMs > 0) timer = setTimeout(look, Math.ceil(restMs));
    else abort(new AgentError("model_unavailable", `The model said nothing for ${limitMs} ms.`));
  }

  if (signal.aborted) giveUp();
  else signal.addEventListener("abort", giveUp, { once: true });
  return {
    stop: stop.signal,
    heard() {
      if (stopped) throw stop.signal.reason;
      heardAt = performance.now();
    },
    end() {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    },
  };
}

/** What sets one text of a run apart from the one before. */
const SEPARATOR = "\n\n";

interface OpenText {
  readonly id: string;
  readonly type: "text" | "reasoning";
  readonly normalizer: TextNormalizer;
  text: string;
  providerOptions: ProviderOptions | undefined;
}

interface Answer {
  take(update: AgentUpdate): void;
  end(): { readonly message: AssistantMessage; readonly usage: Usage; readonly finishReason: FinishReason };
}

/** Turns updates into entries of a step and, in the end, into its message. */
function createAnswer(writer: LogWriter, step: number, log: AnswerLog): Answer {
  const parts: (OpenText | AssistantMessage["content"][number])[] = [];
  const open = new Map<string, OpenText>();
  /** The part that was last added to: what comes next is more of it nearly always. */
  let current: OpenText | undefined;
  let finish: { readonly finishReason: FinishReason; readonly usage: Usage } | undefined;

  function start(type: OpenText["type"], id: string): OpenText {
    const part: OpenText = {
      id,
      type,
      normalizer: createTextNormalizer(),
      text: "",
      providerOptions: undefined,
    };
    open.set(partKey(type, id), part);
    parts.push(part);
    current = part;
    log.write({ type: `${type}-start`, step, id });
    return part;
  }

  function append(type: OpenText["type"], id: string, text: string): void {
    if (current?.type !== type || current.id !== id) {
      current = open.get(partKey(type, id)) ?? start(type, id);
    }
    emit(current, current.normalizer.push(text));
  }

  function emit(part: OpenText, delta: string): void {
    if (delta === "") return;
    const { id } = part;
    if (part.type === "reasoning") {
      log.write({ type: "reasoning-delta", step, id, delta });
    } else {
      if (part.text === "") separate(id);
      log.write({ type: "text-delta", step, id, delta, sequence: writer.chunks });
    }
    part.text += delta;
  }

  /** Readers render one text a run: a part that begins after another is set apart, for everyone alike (L7). */
  function separate(id: string): void {
    // The rest of an answer that was broken off belongs right at its end.
    if (writer.state.finishReason === "interrupted") return;
    const before = textOf(writer.state);
    if (before === "" || before.endsWith(SEPARATOR)) return;
    const delta = before.endsWith("\n") ? "\n" : SEPARATOR;
    log.write({ type: "text-delta", step, id, delta, sequence: writer.chunks, separator: true });
  }

  function close(type: OpenText["type"], id: string, providerOptions?: ProviderOptions): void {
    const part = open.get(partKey(type, id));
    if (!part) return;
    emit(part, part.normalizer.end());
    current = undefined;
    part.providerOptions = providerOptions;
    open.delete(partKey(type, id));
    log.write({ type: `${type}-end`, step, id });
  }

  return {
    take(update) {
      switch (update.type) {
        case "provider-response":
          if (writer.state.open?.response?.responseId === update.responseId) break;
          log.write({ type: "provider-response", step, responseId: update.responseId });
          break;
        case "provider-response-lost":
          log.write({ type: "provider-response-lost", step });
          break;
        case "text-start":
          start("text", update.id);
          break;
        case "reasoning-start":
          start("reasoning", update.id);
          break;
        case "text-delta":
          append("text", update.id, update.delta);
          break;
        case "reasoning-delta":
          append("reasoning", update.id, update.delta);
          break;
        case "text-end":
          close("text", update.id, update.providerOptions);
          break;
        case "reasoning-end":
          close("reasoning", update.id, update.providerOptions);
          break;
        case "tool-input-start":
          log.write({ type: "tool-input-start", step, callId: update.callId, name: update.name });
          break;
        case "tool-input-delta":
          log.write({ type: "tool-input-delta", step, callId: update.callId, delta: update.delta });
          break;
        case "tool-call":
          parts.push(toolCallPart(update));
          if (update.providerExecuted) {
            const { callId, name, input } = update;
            log.write({ type: "tool-call", step, callId, name, input, providerExecuted: true });
          }
          break;
        case "tool-result":
          parts.push(toolResultPart(update));
          log.write({
            type: "tool-result",
            step,
            callId: update.callId,
            name: update.name,
            output: update.output,
            providerExecuted: true,
          });
          break;
        case "data":
          log.write({ type: "data", step, name: update.name, value: update.value });
          break;
        case "finish":
          finish = update;
          break;
      }
    },
    end() {
      for (const { type, id } of open.values()) close(type, id);
      if (!finish) {
        throw new AgentError("model_unavailable", "The model's answer broke off.");
      }
      const content = parts.flatMap((part) => ("normalizer" in part ? textPart(part) : [part]));
      const { finishReason, usage } = finish;
      return { message: { role: "assistant", content }, finishReason, usage };
    },
  };
}

function partKey(type: OpenText["type"], id: string): string {
  return `${type}:${id}`;
}

function textPart({ type, text, providerOptions }: OpenText): AssistantMessage["content"] {
  if (text === "" && providerOptions === undefined) return [];
  return [{ type, text, ...(providerOptions && { providerOptions }) }];
}

function toolCallPart(
  update: Extract<AgentUpdate, { type: "tool-call" }>,
): AssistantMessage["content"][number] {
  const { callId, name, input, providerExecuted, providerOptions } = update;
  return {
    type: "tool-call",
    toolCallId: callId,
    toolName: name,
    input,
    ...(providerExecuted && { providerExecuted }),
    ...(providerOptions && { providerOptions }),
  };
}

function toolResultPart(
  update: Extract<AgentUpdate, { type: "tool-result" }>,
): AssistantMessage["content"][number] {
  const { callId, name, output, providerOptions } = update;
  return {
    type: "tool-result",
    toolCallId: callId,
    toolName: name,
    output,
    ...(providerOptions && { providerOptions }),
  };
}
