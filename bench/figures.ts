import { COMPARED } from "./figure.ts";
import type { Figure } from "./figure.ts";
import { readLive } from "./measurements.ts";
import type { Order } from "./order.ts";

const REPLAYED_CHUNKS = 10_000;
const REPLAYS_A_ROUND = 5;

function latencyFigure(name: string, streams: number, order: Order): Figure {
  const rate = Math.round((streams * 1000) / order.everyMs);
  return {
    name,
    title: `Append to viewer: ${streams} ${streams === 1 ? "stream" : "streams"}, ${rate} chunks/s in all, one viewer each`,
    method: "from the moment the model hands over a chunk to the parsed event in the client's process",
    percentiles: [50, 99],
    rounds: 3,
    subjects: COMPARED,
    async prepare(lab, subject) {
      const port = await lab.port(subject);
      return () => lab.measure({ kind: "latency", port, streams, order });
    },
  };
}

const REPLAY: Figure = {
  name: "replay",
  title: `Replay of a finished stream of ${REPLAYED_CHUNKS} chunks over HTTP`,
  method: "from the request, on a new connection, to the last byte in the client's process",
  percentiles: [50],
  rounds: 3,
  subjects: COMPARED,
  async prepare(lab, subject) {
    const port = await lab.port(subject);
    const { conversation } = await readLive(port, { chunks: REPLAYED_CHUNKS, everyMs: 0 });
    const replay = { kind: "replay", port, conversation, events: REPLAYED_CHUNKS } as const;
    return () => lab.measure({ ...replay, times: REPLAYS_A_ROUND });
  },
};

/**
 * Everything that the bench measures. The latencies go over whole seconds: a reader that polls each second must be met
 * at every phase alike.
 */
export const FIGURES: readonly Figure[] = [
  latencyFigure("latency-1", 1, { chunks: 50, everyMs: 20 }),
  latencyFigure("latency-100", 100, { chunks: 20, everyMs: 50 }),
  REPLAY,
];
