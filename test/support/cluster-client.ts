import { inspect } from "node:util";
import { breachesOf, describeEvidence } from "./check-laws.ts";
import type { Evidence, HistoryRun } from "./check-laws.ts";
import type { Cluster } from "./cluster.ts";
import { followConversation } from "./following-reader.ts";
import type { FollowingReader } from "./following-reader.ts";
import type { Upstream } from "./upstream.ts";
import { AGENT } from "./upstream-wire.ts";

/** How long one request may take before it is sent to another node, in milliseconds. */
const REQUEST_LIMIT_MS = 5_000;
/** How long a client tries, in milliseconds: longer than any fault that a test makes. */
const PATIENCE_MS = 30_000;
/** How long a reader may take to come to its end once the runs have, in milliseconds. */
export const READER_LIMIT_MS = 25_000;

export interface ClientAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** One request to one API node; rejects when it does not answer. */
export async function requestOnce(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<ClientAnswer> {
  const response = await fetch(url + path, {
    method,
    signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
    headers: { "content-type": "application/json", ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

/** A request as a patient client makes it: to one node after the other, until one answers with something else than trouble. */
export async function request(
  cluster: Pick<Cluster, "ports">,
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
): Promise<ClientAnswer> {
  const deadline = Date.now() + PATIENCE_MS;
  let trouble: unknown;
  for (let turn = 0; Date.now() < deadline; turn++) {
    const ports = cluster.ports();
    try {
      const url = `http://127.0.0.1:${ports[turn % ports.length]}`;
      const answer = await requestOnce(url, method, path, body, headers);
      if (answer.status < 500) return answer;
      trouble = JSON.stringify(answer);
    } catch (error) {
      trouble = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${method} ${path}: no answer in ${PATIENCE_MS} ms, last ${inspect(trouble)}`);
}

/** Starts a run, once, however often it has to ask; gives the run's public id. */
export async function acceptRun(
  cluster: Pick<Cluster, "ports">,
  conversation: string,
  message: string,
): Promise<string> {
  const answer = await request(
    cluster,
    "POST",
    `/api/agents/${AGENT}/run`,
    { message, conversation_id: conversation },
    { "idempotency-key": crypto.randomUUID() },
  );
  if (answer.status !== 202) throw new Error(`Not accepted: ${JSON.stringify(answer)}`);
  return (answer.body as { readonly correlation_id: string }).correlation_id;
}

export interface StatusAnswer {
  readonly status: string;
  readonly runs: readonly { readonly run: number; readonly status: string }[];
  readonly approvals: readonly { readonly approval_id: string }[];
}

export async function statusOf(cluster: Pick<Cluster, "ports">, conversation: string): Promise<StatusAnswer> {
  const answer = await request(cluster, "GET", runPath(conversation));
  if (answer.status !== 200) throw new Error(`No status: ${JSON.stringify(answer)}`);
  return answer.body as StatusAnswer;
}

/** Answers everything that waits for a person now. */
export async function approveAll(
  cluster: Pick<Cluster, "ports">,
  conversation: string,
  approved: boolean,
): Promise<number> {
  const { approvals } = await statusOf(cluster, conversation);
  for (const { approval_id: id } of approvals) {
    const path = `${runPath(conversation)}/approvals/${encodeURIComponent(id)}`;
    const answer = await request(cluster, "POST", path, { approved });
    // Cancelled meanwhile, it waits for nobody any more.
    if (answer.status !== 202 && answer.status !== 404)
      throw new Error(`Not answered: ${JSON.stringify(answer)}`);
  }
  return approvals.length;
}

export async function cancel(cluster: Pick<Cluster, "ports">, conversation: string): Promise<void> {
  const answer = await request(cluster, "POST", `${runPath(conversation)}/cancel`, {});
  if (answer.status !== 202) throw new Error(`Not cancelled: ${JSON.stringify(answer)}`);
}

export function runPath(conversation: string): string {
  return `/api/agents/${AGENT}/run/${encodeURIComponent(conversation)}`;
}

interface HistoryAnswer {
  readonly next: number | null;
  readonly runs: readonly {
    readonly run: number;
    readonly correlation_id: string;
    readonly status: string;
    readonly response: string;
    readonly error?: { readonly message: string };
  }[];
}

export async function historyOf(
  cluster: Pick<Cluster, "ports">,
  conversation: string,
): Promise<readonly HistoryRun[]> {
  const path = `/api/conversations/${encodeURIComponent(conversation)}`;
  const runs: HistoryRun[] = [];
  for (let from: number | null = 1; from !== null;) {
    const { body } = await request(cluster, "GET", `${path}?limit=200&from=${from}`);
    const page = body as HistoryAnswer;
    for (const { run, correlation_id: id, status, response, error } of page.runs) {
      runs.push({ run, id, status, text: response, error: error?.message });
    }
    from = page.next;
  }
  return runs;
}

export interface Subject {
  readonly conversation: string;
  readonly accepted: readonly string[];
  readonly readers: readonly FollowingReader[];
}

/** Waits until all readers are at the end, adds readers that come late, and gathers all there is to know. */
export async function gatherEvidence(
  cluster: Cluster,
  upstream: Upstream,
  subject: Subject,
): Promise<Evidence> {
  const { conversation, accepted } = subject;
  const where = { ports: cluster.ports, conversation };
  const late = [
    followConversation({ ...where, format: "text/event-stream", name: "late SSE" }),
    followConversation({ ...where, format: "text/plain", name: "late text" }),
    followConversation({ ...where, format: "application/x-ndjson", everything: true, name: "late NDJSON" }),
  ];
  const readers = [...subject.readers, ...late];
  const stuck = await notEnded(readers);
  for (const reader of readers) reader.close();
  const stored = await cluster.storedLog(conversation);
  const history = await historyOf(cluster, conversation);
  const evidence = {
    conversation,
    accepted,
    stored,
    history,
    readers,
    calls: upstream.callsOf(conversation),
  };
  if (stuck.length > 0) {
    throw new Error(`${stuck.join(", ")} did not come to the end\n${describeEvidence(evidence)}`);
  }
  return evidence;
}

async function notEnded(readers: readonly FollowingReader[]): Promise<readonly string[]> {
  const waiting = new Set(readers);
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, READER_LIMIT_MS);
  });
  await Promise.race([
    Promise.all(readers.map((reader) => reader.ended.then(() => waiting.delete(reader)))),
    limit,
  ]);
  clearTimeout(timer);
  return [...waiting].map((reader) => reader.name);
}

/** Throws, with all there is to know, when a law is broken. */
export function requireLaws(evidence: Evidence, further: readonly string[] = []): void {
  const breaches = [...breachesOf(evidence), ...further];
  if (breaches.length > 0) throw new Error(`${breaches.join("\n")}\n${describeEvidence(evidence)}`);
}
