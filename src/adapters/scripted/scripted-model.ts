import type { LanguageModelV4, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { pacedStream, pauseOnTimer } from "./paced-stream.ts";
import type { Pause } from "./paced-stream.ts";

/** How fast a person likes to see text appear. */
export const DEFAULT_CHUNKS_PER_SECOND = 45;

export interface ScriptedModelOptions {
  /** The pace of the stream, above 0; `Infinity` streams without pausing. Default 45. */
  readonly chunksPerSecond?: number;
  /** The clock that "next month" is counted from. */
  readonly now?: () => Date;
  /** Waits between chunks; must reject when the signal is aborted. */
  readonly pause?: Pause;
}

/**
 * A language model that needs no network and no key: it plans trips in Markdown, and really calls the tools
 * `getWeatherForecast` and `getLocalEvents` when they are offered. The same prompt and clock give the same stream.
 * To anything else than a trip it answers honestly that it is a demo. `doGenerate` answers without pausing.
 * It does not read files, and takes no notice of temperature, seed or stop sequences.
 *
 * @example const agent = defineAgent({ name: "Planner", model: createScriptedModel(), ... });
 */
export function createScriptedModel(options: ScriptedModelOptions = {}): LanguageModelV4 {
  const {
    chunksPerSecond = DEFAULT_CHUNKS_PER_SECOND,
    now = () => new Date(),
    pause = pauseOnTimer,
  } = options;
  if (!(chunksPerSecond > 0)) {
    throw new TypeError(
      `chunksPerSecond is ${chunksPerSecond}; pass a number above 0, or Infinity for no pauses.`,
    );
  }
  const pauseBefore = (part: LanguageModelV4StreamPart): number =>
    isChunk(part) ? 1_000 / chunksPerSecond : 0;
  const partsFor = async (
    call: Parameters<LanguageModelV4["doStream"]>[0],
  ): Promise<readonly LanguageModelV4StreamPart[]> => {
    call.abortSignal?.throwIfAborted();
    const timestamp = now();
    // With the first call: most who load this package have a model of their own.
    const [{ replyFromCall }, { partsFromReply }] = await Promise.all([
      import("./reply.ts"),
      import("./stream-parts.ts"),
    ]);
    return partsFromReply(replyFromCall(call, timestamp), call, timestamp, MODEL_ID);
  };
  return {
    specificationVersion: "v4",
    provider: "holdfast",
    modelId: MODEL_ID,
    supportedUrls: {},
    doStream: async (call) => ({
      stream: pacedStream(await partsFor(call), pauseBefore, pause, call.abortSignal),
    }),
    doGenerate: async (call) => {
      const { resultFromParts } = await import("./stream-parts.ts");
      return resultFromParts(await partsFor(call));
    },
  };
}

const MODEL_ID = "scripted-planner";

function isChunk(part: LanguageModelV4StreamPart): boolean {
  return part.type === "text-delta" || part.type === "tool-input-delta";
}
