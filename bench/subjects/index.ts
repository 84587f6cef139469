import { startBareRedis } from "./bare-redis.ts";
import { startBareSqlite } from "./bare-sqlite.ts";
import { startHoldfastMemory, startHoldfastRedis, startHoldfastSqlite } from "./holdfast-server.ts";
import { startSamplesApproach } from "./samples-approach.ts";
import type { StartSubject } from "./subject.ts";

export type SubjectName =
  | "bare-redis"
  | "holdfast-redis"
  | "samples"
  | "bare-sqlite"
  | "holdfast-sqlite"
  | "holdfast-memory";

export const SUBJECTS: Readonly<
  Record<SubjectName, { readonly says: string; readonly start: StartSubject }>
> = {
  "bare-redis": { says: "bare: Lua XADD + PUBLISH, raw socket", start: startBareRedis },
  "holdfast-redis": { says: "**Holdfast on Redis**", start: startHoldfastRedis },
  samples: { says: "the samples' approach on Redis", start: startSamplesApproach },
  "bare-sqlite": { says: "bare: INSERT + fsync, raw socket", start: startBareSqlite },
  "holdfast-sqlite": { says: "**Holdfast embedded (SQLite)**", start: startHoldfastSqlite },
  "holdfast-memory": { says: "Holdfast in memory (stores nothing)", start: startHoldfastMemory },
};

export function isSubjectName(value: unknown): value is SubjectName {
  return typeof value === "string" && Object.hasOwn(SUBJECTS, value);
}
