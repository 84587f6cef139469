import type { Figure } from "../figure.ts";
import { APPEND_FIGURES } from "./append.ts";
import { FAN_OUT_FIGURES, MANY_VIEWERS } from "./fan-out.ts";
import { LATENCY_FIGURES, MANY_STREAMS } from "./latency.ts";
import { REPLAY_FIGURES } from "./replay.ts";
import { RUN_FIGURES } from "./run.ts";
import { START_UP_FIGURES } from "./start-up.ts";

/** Everything that a run without options measures. */
export const FIGURES: readonly Figure[] = [
  ...LATENCY_FIGURES,
  ...APPEND_FIGURES,
  ...FAN_OUT_FIGURES,
  ...REPLAY_FIGURES,
  ...RUN_FIGURES,
  ...START_UP_FIGURES,
];

/** What takes minutes and a good part of a machine's ports: measured when it is named. */
export const LARGE_FIGURES: readonly Figure[] = [...MANY_STREAMS, MANY_VIEWERS];
