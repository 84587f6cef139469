import type { Figure } from "../figure.ts";
import type { WriteOrder } from "../subjects/subject.ts";
import { STORES } from "./compared.ts";

function appendFigure(order: WriteOrder): Figure {
  const { conversations, batch } = order;
  return {
    name: `append-${conversations}${batch === 1 ? "" : `x${batch}`}`,
    group: "append",
    title: `Append throughput: ${conversations} conversations at once, ${batch === 1 ? "one chunk" : `${batch} chunks`} under way each`,
    method:
      "chunks stored a second, through the log writer and the store, with nobody reading; the floor stores the same chunks in the same batches",
    metrics: [
      {
        name: "perSecond",
        label: "chunks /s",
        compared: true,
        target: { of: "floor", atLeast: 0.6, subjects: STORES },
      },
    ],
    rounds: 3,
    subjects: [
      { subject: "bare-redis", floor: "bare-redis" },
      { subject: "store-redis", floor: "bare-redis" },
      { subject: "samples", floor: "bare-redis" },
      { subject: "bare-sqlite", floor: "bare-sqlite" },
      { subject: "store-sqlite", floor: "bare-sqlite" },
    ],
    prepare: async (lab, subject) => async () => ({ perSecond: await lab.write(subject, order) }),
  };
}

export const APPEND_FIGURES: readonly Figure[] = [
  appendFigure({ conversations: 64, chunks: 1000, batch: 1 }),
  appendFigure({ conversations: 1000, chunks: 240, batch: 1 }),
  appendFigure({ conversations: 64, chunks: 480, batch: 16 }),
];
