import { startFresh } from "../start-fresh.ts";
import type { Figure } from "../figure.ts";

/** Every round is a process of its own, with an empty directory. */
export const START_UP: Figure = {
  name: "start-up",
  group: "start-up",
  title: "Start-up, embedded: from nothing to the first accepted request",
  method:
    "milliseconds from the spawn of node, with the TypeScript sources stripped of their types on the way, to the head of the answer to the first POST; the floor is a process that answers one with node:net",
  metrics: [
    {
      name: "p50",
      label: "ms",
      compared: true,
      target: { of: "itself", atMost: 500, subjects: ["holdfast-sqlite"] },
    },
  ],
  rounds: 5,
  subjects: [
    { subject: "bare-net", floor: "bare-net" },
    { subject: "holdfast-sqlite", floor: "bare-net" },
  ],
  prepare: async (lab, subject) => async () => {
    const directory = await lab.directory("start-up");
    return { p50: await startFresh(subject === "bare-net" ? "bare" : "embedded", directory) };
  },
};
