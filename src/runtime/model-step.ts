import { AgentError, createTextNormalizer, textOf } from "../core/index.ts";
import type {
  AssistantMessage,
  FinishReason,
  ProviderOptions,
  ProviderResponse,
  TextNormalizer,
  Usage,
} from "../core/index.ts";
import type {
  AgentUpdate,
  ModelAgent,
  ModelStep,
  ModelStepOptions,
  UpdateListener,
  UpdateStream,
} from "../ports/index.ts";
import type { LogWriter } from "./log-writer.ts";
import { unloggedAnswer } from "./unlogged.ts";
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
  const log: AnswerLog = response ? unloggedAnswer(writer, step, response) : writer;
  const answer = new Answer(writer, step, log);
  const idempotencyKey = `${request.runId}:${step}`;
  const hearing = new Hearing({ writer, answer, signal, limitMs: idleTimeoutMs });
  const options = { signal: hearing.stop, idempotencyKey };
  await hearing.of(() => updatesOf(model, request, options, response));
  const { message, usage, finishReason } = answer.end();
  log.end?.();
  // Stored at the latest before the next step does anything: each waits for what it builds on (L8).
  writer.write({ type: "step-end", step, message, usage, finishReason });
}

function updatesOf(
  model: ModelAgent,
  request: ModelStep,
  options: ModelStepOptions,
  response: ProviderResponse | undefined,
): UpdateStream {
  if (!response) return model.stream(request, options);
  if (!model.responses) throw new TypeError("Only a model whose provider keeps responses can read one on.");
  return model.responses.resume(response.responseId, request, options);
}

interface HearingOptions {
  readonly writer: LogWriter;
  readonly answer: Answer;
  readonly signal: AbortSignal;
  /** How long the model may say nothing, in milliseconds. */
  readonly limitMs: number;
}

/**
 * Hears a model out, until it is to stop or has said nothing for too long. One signal of its own and a flag: a composed
 * signal is too slow to be asked for every token.
 */
class Hearing implements UpdateListener {
  readonly #writer: LogWriter;
  readonly #answer: Answer;
  readonly #signal: AbortSignal;
  readonly #limitMs: number;
  readonly #abort = new AbortController();
  /** Said once a model that is listened to says no more. */
  end: () => void = nobodyWaits;
  fail: (error: unknown) => void = nobodyWaits;
  /** Aborts with the reason to stop, or with `model_unavailable`. */
  readonly stop = this.#abort.signal;
  #stopped = false;
  /** In whole milliseconds, of which none is an object. */
  #heardAt = Math.ceil(performance.now());
  #isKeptWaiting = false;
  #timer: NodeJS.Timeout;

  constructor({ writer, answer, signal, limitMs }: HearingOptions) {
    this.#writer = writer;
    this.#answer = answer;
    this.#signal = signal;
    this.#limitMs = limitMs;
    this.#timer = setTimeout(this.#look, limitMs);
    if (signal.aborted) this.#giveUp();
    else signal.addEventListener("abort", this.#giveUp, { once: true });
  }

  /** Hears updates in whichever way they can be had. Rejects with what either side throws, and with why it was to stop. */
  async of(open: () => UpdateStream): Promise<void> {
    try {
      const updates = open();
      if (updates.listen) await this.#listenTo(updates);
      else await this.#iterate(updates);
      this.#breakSilence();
    } finally {
      clearTimeout(this.#timer);
      this.#signal.removeEventListener("abort", this.#giveUp);
    }
  }

  #listenTo(updates: UpdateStream): Promise<void> {
    return new Promise((end, fail) => {
      this.end = end;
      this.fail = fail;
      updates.listen?.(this);
    });
  }

  async #iterate(updates: UpdateStream): Promise<void> {
    for await (const update of updates) {
      const taking = this.hear(update);
      if (taking) await taking;
    }
  }

  hear(update: AgentUpdate): Promise<void> | undefined {
    this.#breakSilence();
    this.#answer.take(update);
    // A crash before this is stored loses the response, which is then paid for and never read.
    if (update.type === "provider-response") return this.#keepWaiting(this.#writer.flush());
    // Asked first: a promise for each token would be the dearest thing that happens to it here.
    return this.#writer.full ? this.#keepWaiting(this.#writer.room()) : undefined;
  }

  /** While the store keeps the model waiting, its silence is not its own. */
  async #keepWaiting(stored: Promise<void>): Promise<void> {
    this.#isKeptWaiting = true;
    try {
      await stored;
    } finally {
      this.#isKeptWaiting = false;
      this.#heardAt = Math.ceil(performance.now());
    }
  }

  /** Throws the reason once `stop` has aborted. */
  #breakSilence(): void {
    if (this.#stopped) throw this.stop.reason;
    this.#heardAt = Math.ceil(performance.now());
  }

  /** Winding the timer up for every token would cost more than to ask now and then when the last one came. */
  readonly #look = (): void => {
    const quietMs = this.#isKeptWaiting ? 0 : performance.now() - this.#heardAt;
    const restMs = this.#limitMs - quietMs;
    if (restMs > 0) this.#timer = setTimeout(this.#look, Math.ceil(restMs));
    else {
      this.#stop(new AgentError("model_unavailable", `The model said nothing for ${this.#limitMs} ms.`));
    }
  };

  readonly #giveUp = (): void => this.#stop(this.#signal.reason);

  #stop(reason: unknown): void {
    this.#stopped = true;
    this.#abort.abort(reason);
  }
}

function nobodyWaits(): void {}

/** What sets one text of a run apart from the one before. */
const SEPARATOR = "\n\n";

interface OpenText {
  readonly id: string;
  readonly type: "text" | "reasoning";
  readonly normalizer: TextNormalizer;
  /** Its text in pieces: half of what a string costs that grows with every token. */
  readonly pieces: string[];
  providerOptions: ProviderOptions | undefined;
}

interface FinishedAnswer {
  readonly message: AssistantMessage;
  readonly usage: Usage;
  readonly finishReason: FinishReason;
}

/** Turns updates into entries of a step and, in the end, into its message. */
class Answer {
  readonly #writer: LogWriter;
  readonly #step: number;
  readonly #log: AnswerLog;
  readonly #parts: (OpenText | AssistantMessage["content"][number])[] = [];
  readonly #open = new Map<string, OpenText>();
  /** The part that was last added to: what comes next is more of it nearly always. */
  #current: OpenText | undefined;
  #finish: Pick<FinishedAnswer, "finishReason" | "usage"> | undefined;

  constructor(writer: LogWriter, step: number, log: AnswerLog) {
    this.#writer = writer;
    this.#step = step;
    this.#log = log;
  }

  take(update: AgentUpdate): void {
    switch (update.type) {
      case "provider-response":
        if (this.#writer.state.open?.response?.responseId === update.responseId) break;
        this.#log.write({ type: "provider-response", step: this.#step, responseId: update.responseId });
        break;
      case "provider-response-lost":
        this.#log.write({ type: "provider-response-lost", step: this.#step });
        break;
      case "text-start":
        this.#start("text", update.id);
        break;
      case "reasoning-start":
        this.#start("reasoning", update.id);
        break;
      case "text-delta":
        this.#append("text", update.id, update.delta);
        break;
      case "reasoning-delta":
        this.#append("reasoning", update.id, update.delta);
        break;
      case "text-end":
        this.#close("text", update.id, update.providerOptions);
        break;
      case "reasoning-end":
        this.#close("reasoning", update.id, update.providerOptions);
        break;
      case "tool-input-start":
        this.#log.write({
          type: "tool-input-start",
          step: this.#step,
          callId: update.callId,
          name: update.name,
        });
        break;
      case "tool-input-delta":
        this.#log.write({
          type: "tool-input-delta",
          step: this.#step,
          callId: update.callId,
          delta: update.delta,
        });
        break;
      case "tool-call":
        this.#parts.push(toolCallPart(update));
        if (update.providerExecuted) {
          const { callId, name, input } = update;
          this.#log.write({
            type: "tool-call",
            step: this.#step,
            callId,
            name,
            input,
            providerExecuted: true,
          });
        }
        break;
      case "tool-result":
        this.#parts.push(toolResultPart(update));
        this.#log.write({
          type: "tool-result",
          step: this.#step,
          callId: update.callId,
          name: update.name,
          output: update.output,
          providerExecuted: true,
        });
        break;
      case "data":
        this.#log.write({ type: "data", step: this.#step, name: update.name, value: update.value });
        break;
      case "finish":
        this.#finish = update;
        break;
    }
  }

  end(): FinishedAnswer {
    for (const { type, id } of this.#open.values()) this.#close(type, id);
    if (!this.#finish) {
      throw new AgentError("model_unavailable", "The model's answer broke off.");
    }
    const content = this.#parts.flatMap((part) => ("normalizer" in part ? textPart(part) : [part]));
    const { finishReason, usage } = this.#finish;
    return { message: { role: "assistant", content }, finishReason, usage };
  }

  #start(type: OpenText["type"], id: string): OpenText {
    const part: OpenText = {
      id,
      type,
      normalizer: createTextNormalizer(),
      pieces: [],
      providerOptions: undefined,
    };
    this.#open.set(partKey(type, id), part);
    this.#parts.push(part);
    this.#current = part;
    this.#log.write({ type: `${type}-start`, step: this.#step, id });
    return part;
  }

  #append(type: OpenText["type"], id: string, text: string): void {
    if (this.#current?.type !== type || this.#current.id !== id) {
      this.#current = this.#open.get(partKey(type, id)) ?? this.#start(type, id);
    }
    this.#emit(this.#current, this.#current.normalizer.push(text));
  }

  #emit(part: OpenText, delta: string): void {
    if (delta === "") return;
    const { id } = part;
    if (part.type === "reasoning") {
      this.#log.write({ type: "reasoning-delta", step: this.#step, id, delta });
    } else {
      if (part.pieces.length === 0) this.#separate(id);
      this.#log.write({ type: "text-delta", step: this.#step, id, delta, sequence: this.#writer.chunks });
    }
    part.pieces.push(delta);
  }

  /** Readers render one text a run: a part that begins after another is set apart, for everyone alike (L7). */
  #separate(id: string): void {
    // The rest of an answer that was broken off belongs right at its end.
    if (this.#writer.state.finishReason === "interrupted") return;
    const before = textOf(this.#writer.state);
    if (before === "" || before.endsWith(SEPARATOR)) return;
    const delta = before.endsWith("\n") ? "\n" : SEPARATOR;
    this.#log.write({
      type: "text-delta",
      step: this.#step,
      id,
      delta,
      sequence: this.#writer.chunks,
      separator: true,
    });
  }

  #close(type: OpenText["type"], id: string, providerOptions?: ProviderOptions): void {
    const part = this.#open.get(partKey(type, id));
    if (!part) return;
    this.#emit(part, part.normalizer.end());
    this.#current = undefined;
    part.providerOptions = providerOptions;
    this.#open.delete(partKey(type, id));
    this.#log.write({ type: `${type}-end`, step: this.#step, id });
  }
}

function partKey(type: OpenText["type"], id: string): string {
  return `${type}:${id}`;
}

function textPart({ type, pieces, providerOptions }: OpenText): AssistantMessage["content"] {
  const text = pieces.join("");
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
