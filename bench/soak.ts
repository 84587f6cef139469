import { Redis } from "ioredis";
import { forkSoakers } from "./soak-clients.ts";
import type { Lab } from "./lab.ts";
import { sleep } from "./order.ts";
import { slope } from "./statistics.ts";
import { SUBJECTS } from "./subjects/index.ts";
import type { SubjectName } from "./subjects/index.ts";
import type { Usage } from "./subjects/usage.ts";

export const SOAK_NAME = "soak";

export interface SoakResult {
  readonly subject: SubjectName;
  readonly runs: number;
  readonly cuts: number;
  readonly samples: readonly SoakSample[];
}

export interface SoakSample extends Usage {
  readonly atMs: number;
  /** Connections to Redis and channels that are heard, but for the bench's own. */
  readonly redisClients: number;
  readonly channels: number;
}

const SAMPLE_EVERY_MS = 2_000;
/** What compiles, grows to its size and warms up at the beginning is no leak. */
const SETTLES_IN = 0.25;
const SUBJECTS_SOAKED = ["holdfast-redis", "holdfast-sqlite"] as const;

/** Runs, cuts and resumes without a pause; whether anything grows that should not. Both servers at the same time. */
export async function soak(
  lab: Lab,
  minutes: number,
  print: (text: string) => void,
): Promise<readonly SoakResult[]> {
  const redis = new Redis(lab.redisUrl);
  print(`\n## Soak: ${minutes} min of runs whose readers are cut at random and resume\n`);
  try {
    const results = await Promise.all(
      SUBJECTS_SOAKED.map((subject) => soakOne(lab, redis, subject, minutes)),
    );
    print(HEADER);
    for (const result of results) print(rowOf(result));
    return results;
  } finally {
    redis.disconnect();
  }
}

async function soakOne(lab: Lab, redis: Redis, subject: SubjectName, minutes: number): Promise<SoakResult> {
  const port = await lab.port(subject);
  const soakers = forkSoakers(port);
  const samples: SoakSample[] = [];
  const began = performance.now();
  while (performance.now() - began < minutes * 60_000) {
    await sleep(SAMPLE_EVERY_MS);
    samples.push(await sample(lab, redis, subject, performance.now() - began));
  }
  const { runs, cuts } = await soakers.stop();
  return { subject, runs, cuts, samples };
}

async function sample(lab: Lab, redis: Redis, subject: SubjectName, atMs: number): Promise<SoakSample> {
  const usage = await lab.usage(subject);
  const clients =
    String(await redis.client("LIST"))
      .trim()
      .split("\n").length - 1;
  const channels = await redis.pubsub("CHANNELS");
  return { ...usage, atMs, redisClients: clients, channels: (channels as readonly unknown[]).length };
}

const HEADER = `|  | runs | cuts | resident MiB | slope MiB/min | heap MiB | heap slope | handles | Redis clients | channels |
| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |`;

function rowOf({ subject, runs, cuts, samples }: SoakResult): string {
  const settled = samples.slice(Math.floor(samples.length * SETTLES_IN));
  const mebibytes = (pick: (sample: SoakSample) => number): string =>
    range(settled, (each) => pick(each) / 2 ** 20);
  const growth = (pick: (sample: SoakSample) => number): string =>
    slope(settled.map((each) => ({ at: each.atMs / 60_000, value: pick(each) / 2 ** 20 }))).toFixed(2);
  const cells = [
    SUBJECTS[subject].says,
    runs,
    cuts,
    mebibytes((each) => each.steadyBytes),
    growth((each) => each.steadyBytes),
    mebibytes((each) => each.heapBytes),
    growth((each) => each.heapBytes),
    range(settled, (each) => each.resources),
    range(settled, (each) => each.redisClients),
    range(settled, (each) => each.channels),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** The first, and the lowest to the highest. */
function range(samples: readonly SoakSample[], pick: (sample: SoakSample) => number): string {
  const values = samples.map(pick);
  return `${values.at(0)?.toFixed(0)} → ${values.at(-1)?.toFixed(0)} [${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)}]`;
}
