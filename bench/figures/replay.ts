import type { Figure } from "../figure.ts";
import { EVERYBODY, WHOLE_RUNS } from "./compared.ts";

const REPLAYED_CHUNKS = 10_000;
const REPLAYS_A_ROUND = 5;
const RESUMED_CHUNKS = 100;
const RESUMES_A_ROUND = 50;

/** What is over can be read no more from resumable-stream; a file of durable-streams takes longer to write than to measure. */
const REPLAYABLE = EVERYBODY.filter(
  ({ subject }) => !/^(resumable-stream|durable-streams-file|store-)/.test(subject),
);

export function replayFigure(chunks: number): Figure {
  return {
    name: "replay",
    group: "replay",
    title: `Replay of a finished stream of ${chunks} chunks over HTTP`,
    method: "from the request, on a new connection, to the last chunk in the client's process",
    metrics: [
      { name: "p50", label: "p50 ms" },
      {
        name: "perSecond",
        label: "chunks /s",
        compared: true,
        target: { of: "floor", atLeast: 0.6, subjects: WHOLE_RUNS },
      },
    ],
    rounds: 2,
    subjects: REPLAYABLE,
    async prepare(lab, subject) {
      const { prepared } = await lab.measure({
        kind: "prepare",
        port: await lab.port(subject),
        order: { chunks, everyMs: 0 },
      });
      if (!prepared) throw new Error("Nothing was prepared.");
      const { port, path } = prepared;
      return async () =>
        (await lab.measure({ kind: "replay", port, path, chunks, times: REPLAYS_A_ROUND })).values;
    },
  };
}

const RESUME: Figure = {
  name: "resume",
  group: "replay",
  title: `Resume by Last-Event-ID: the last ${RESUMED_CHUNKS} of ${REPLAYED_CHUNKS} chunks`,
  method: "milliseconds from the request, on a new connection, to the first byte of the body",
  metrics: [
    {
      name: "p50",
      label: "p50 ms",
      compared: true,
      target: { of: "itself", atMost: 3, subjects: WHOLE_RUNS },
    },
    { name: "p99", label: "p99 ms", compared: true },
  ],
  rounds: 2,
  subjects: REPLAYABLE.filter(({ subject }) => !subject.startsWith("durable-streams")),
  async prepare(lab, subject) {
    const { prepared } = await lab.measure({
      kind: "prepare",
      port: await lab.port(subject),
      order: { chunks: REPLAYED_CHUNKS, everyMs: 0 },
    });
    // The last id is that of the end.
    const after = prepared?.ids.at(-2 - RESUMED_CHUNKS);
    if (!prepared || after === undefined) throw new Error("Nothing was prepared.");
    const { port, path } = prepared;
    const chunks = RESUMED_CHUNKS;
    return async () =>
      (await lab.measure({ kind: "resume", port, path, after, chunks, times: RESUMES_A_ROUND })).values;
  },
};

export const REPLAY_FIGURES: readonly Figure[] = [replayFigure(REPLAYED_CHUNKS), RESUME];
