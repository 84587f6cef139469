import { eventually } from "../../src/testing/index.ts";
import type { TestServer } from "./holdfast-server.ts";

/** An answer in JSON, looked at by path: `answer.at("runs.0.status")`. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  at(path: string): unknown;
}

export async function call(
  server: TestServer,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const isText = typeof body === "string" || body === undefined;
  const response = await fetch(server.url + path, {
    method,
    headers: { "content-type": isText ? "text/plain" : "application/json", ...headers },
    ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  const parsed: unknown = isJson && text !== "" ? JSON.parse(text) : text;
  return {
    status: response.status,
    headers: response.headers,
    body: parsed,
    at: (keys) =>
      keys.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], parsed),
  };
}

export interface Started {
  readonly conversation: string;
  readonly run: number;
  readonly id: string;
  readonly streamPath: string;
  readonly statusPath: string;
}

/** Starts a run and gives where it is. Rejects when it was not accepted. */
export async function startRun(
  server: TestServer,
  agent: string,
  body: unknown = "Go on.",
  headers?: Readonly<Record<string, string>>,
): Promise<Started> {
  const answer = await call(server, "POST", `/api/agents/${agent}/run`, body, headers);
  if (answer.status !== 202) throw new Error(`Not accepted: ${JSON.stringify(answer.body)}`);
  const conversation = answer.at("conversation_id") as string;
  return {
    conversation,
    run: answer.at("run") as number,
    id: answer.at("correlation_id") as string,
    streamPath: `/api/agent/stream/${conversation}`,
    statusPath: `/api/agents/${agent}/run/${conversation}`,
  };
}

/** Waits until the conversation's status is one of those, and gives it. */
export async function statusOnce(
  server: TestServer,
  started: Started,
  ...statuses: readonly string[]
): Promise<Answer> {
  let answer = await call(server, "GET", started.statusPath);
  await eventually(`status ${statuses.join(" or ")}`, async () => {
    answer = await call(server, "GET", started.statusPath);
    return statuses.includes(answer.at("status") as string);
  });
  return answer;
}

export function endOf(server: TestServer, started: Started): Promise<Answer> {
  return statusOnce(server, started, "Completed", "Failed", "Canceled");
}

/** The text of a run as the history keeps it. */
export async function storedText(server: TestServer, started: Started): Promise<string> {
  const history = await call(server, "GET", `/api/conversations/${started.conversation}?from=${started.run}`);
  return history.at("runs.0.response") as string;
}
