import { startBareHttp } from "./bare-http.ts";
import { startBareNet } from "./bare-net.ts";
import { startBareRedis } from "./bare-redis.ts";
import { startBareSqlite } from "./bare-sqlite.ts";
import { startDurableStreamsFile, startDurableStreamsMemory } from "./durable-streams.ts";
import {
  startHoldfastMemory,
  startHoldfastRedis,
  startHoldfastSqlite,
  startStoreRedis,
  startStoreSqlite,
} from "./holdfast-server.ts";
import { DURABLE_STREAMS, RESUMABLE_STREAM } from "./peer-package.ts";
import type { PeerPackage } from "./peer-package.ts";
import { startResumableStream } from "./resumable-stream.ts";
import { startSamplesApproach } from "./samples-approach.ts";
import { startStepsBullmq, startStepsSqlite } from "./steps-server.ts";
import type { StartSubject } from "./subject.ts";

export type SubjectName =
  | "bare-net"
  | "bare-http"
  | "bare-redis"
  | "store-redis"
  | "holdfast-redis"
  | "samples"
  | "resumable-stream"
  | "bare-sqlite"
  | "store-sqlite"
  | "holdfast-sqlite"
  | "holdfast-memory"
  | "durable-streams-memory"
  | "durable-streams-file"
  | "steps-sqlite"
  | "steps-bullmq";

export interface SubjectEntry {
  readonly says: string;
  readonly start: StartSubject;
  /** What must be installed for it. */
  readonly needs?: PeerPackage;
}

export const SUBJECTS: Readonly<Record<SubjectName, SubjectEntry>> = {
  "bare-net": { says: "bare: raw socket, stores nothing", start: startBareNet },
  "bare-http": { says: "bare: Node's HTTP server, stores nothing", start: startBareHttp },
  "bare-redis": { says: "bare: Lua XADD + PUBLISH, raw socket", start: startBareRedis },
  "store-redis": { says: "**Holdfast on Redis**, store and HTTP", start: startStoreRedis },
  "holdfast-redis": { says: "**Holdfast on Redis**, whole runs", start: startHoldfastRedis },
  samples: { says: "the samples' approach on Redis", start: startSamplesApproach },
  "resumable-stream": {
    says: "resumable-stream (Redis; stores no chunk)",
    start: startResumableStream,
    needs: RESUMABLE_STREAM,
  },
  "bare-sqlite": { says: "bare: INSERT + fsync, raw socket", start: startBareSqlite },
  "store-sqlite": { says: "**Holdfast embedded (SQLite)**, store and HTTP", start: startStoreSqlite },
  "holdfast-sqlite": { says: "**Holdfast embedded (SQLite)**, whole runs", start: startHoldfastSqlite },
  "holdfast-memory": { says: "Holdfast in memory (stores nothing)", start: startHoldfastMemory },
  "durable-streams-memory": {
    says: "durable-streams in memory (stores nothing)",
    start: startDurableStreamsMemory,
    needs: DURABLE_STREAMS,
  },
  "durable-streams-file": {
    says: "durable-streams on files",
    start: startDurableStreamsFile,
    needs: DURABLE_STREAMS,
  },
  "steps-sqlite": { says: "**Holdfast embedded (SQLite)**", start: startStepsSqlite },
  "steps-bullmq": { says: "**Holdfast on Redis, driven by BullMQ**", start: startStepsBullmq },
};

export function isSubjectName(value: unknown): value is SubjectName {
  return typeof value === "string" && Object.hasOwn(SUBJECTS, value);
}
