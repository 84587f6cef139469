import { randomId } from "../../core/index.ts";
import { IDEMPOTENCY_WINDOW_MS } from "../../ports/index.ts";
import { digest } from "../digest.ts";

/** Stainless clients count by it how often they have tried: 0, then 1, 2, … for tries that they make by themselves. */
const RETRY_COUNT = "x-stainless-retry-count";

/**
 * For how long after a run was accepted the next try of its request is known for what it is, in milliseconds: longer than a
 * request waits for an answer. The n-th retry looks back n times as far, since each may have waited.
 */
const RETRY_WINDOW_MS = 90_000;

/** One try of a request, by a client that says which it is. */
export interface ClientTry {
  /** How often the client has tried before. */
  readonly count: number;
  /** The same for every try of the request, and for every other request of the same caller that asks the same. */
  readonly mark: string;
  /** Since when another try may have started the run, in milliseconds since 1970: for a first try, since it came. */
  readonly since: number;
}

/**
 * Which try of its request this is, by the client's count or because a key makes every other request under it the same one.
 * Undefined for a client that says neither: nothing tells its repeats from other requests.
 */
export async function clientTry(
  request: Request,
  body: string,
  { key, arrivedAt }: { readonly key: string | undefined; readonly arrivedAt: number },
): Promise<ClientTry | undefined> {
  const told = /^\d{1,3}$/.exec(request.headers.get(RETRY_COUNT) ?? "")?.[0];
  if (told === undefined && key === undefined) return undefined;
  const caller = request.headers.get("authorization");
  const mark = await digest(JSON.stringify([caller, key, body]));
  const count = Math.min(Number(told ?? 0), MOST_TRIES);
  return key === undefined
    ? { count, mark, since: arrivedAt - count * RETRY_WINDOW_MS }
    : { count: Math.max(count, 1), mark, since: arrivedAt - IDEMPOTENCY_WINDOW_MS };
}

/** Tries beyond count as this one. */
const MOST_TRIES = 15;

/**
 * The public id of the run that a try starts. It carries the request's mark and which try it was: that is the trace by which
 * later tries find it, on any node.
 */
export function runIdFor({ mark, count }: ClientTry): string {
  return `${mark.slice(0, MARK_LENGTH)}${count.toString(16)}${randomId().slice(0, 32 - MARK_LENGTH - 1)}`;
}

/** Which try of the same request started a run; undefined for a run of any other request. */
export function tryOfRun(runId: string, { mark }: ClientTry): number | undefined {
  if (!runId.startsWith(mark.slice(0, MARK_LENGTH))) return undefined;
  return Number.parseInt(runId.charAt(MARK_LENGTH), 16);
}

/** 80 bits: no other request's run is taken for this one's. */
const MARK_LENGTH = 20;
