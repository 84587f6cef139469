import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { startResponsesUpstream } from "../../src/adapters/openai-background/responses-upstream.fixture.ts";
import type {
  ResponsesUpstream,
  UpstreamAnswer,
} from "../../src/adapters/openai-background/responses-upstream.fixture.ts";
import { normalizeText } from "../../src/core/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { startServe } from "../support/serve-process.ts";
import type { ServeProcess } from "../support/serve-process.ts";
import { openStream, readStream, renderedText } from "../support/stream-reader.ts";
import type { StreamEvent } from "../support/stream-reader.ts";

const AGENTS = fileURLToPath(new URL("../support/background-agents.ts", import.meta.url));

/** Text of which each piece may be the last before a crash: line ends and pairs of surrogates are cut in two. */
const TOKENS = Array.from({ length: 50 }, (_, n) => [
  `Line ${n} `,
  "is done",
  " \ud83d",
  "\ude00",
  "\r",
  "\n",
]).flat();
const TEXT = normalizeText(TOKENS.join(""));
const TOKEN_MS = 12;
const ANSWER: UpstreamAnswer = {
  tokenMs: TOKEN_MS,
  items: [
    { type: "reasoning", tokens: ["Let me ", "think."], encryptedContent: "secret" },
    { type: "message", tokens: TOKENS },
  ],
};
const ALL_TOKENS = TOKENS.length + 2;

test("a worker killed in mid-answer costs nothing: the next reads the response on, and so does its reader", async () => {
  const { server, upstream, conversation } = await begin(() => ANSWER);
  const seen: StreamEvent[] = [];
  for (const characters of [60, 200]) {
    await readUntil(server, conversation, seen, () => renderedText(seen).length > characters);
    await server.kill("SIGKILL");
    await server.restart();
  }
  await readUntil(server, conversation, seen, () => seen.at(-1)?.event === "done");
  expect(renderedText(seen)).toBe(TEXT);
  expect(await storedRun(server, conversation)).toMatchObject({
    status: "completed",
    response: TEXT,
    usage: { input_tokens: 7, output_tokens: ALL_TOKENS },
  });
  expect(
    await countOf(server, conversation, "step-reset", "step-start", "text-start", "reasoning-end"),
  ).toEqual([0, 1, 1, 1]);
  expect(upstream.responses).toMatchObject([{ status: "completed", tokens: ALL_TOKENS }]);
});

test("a tool call that was streamed before the crash is made after it, with the thoughts that led to it", async () => {
  const { server, upstream, conversation } = await begin((_, ordinal) =>
    ordinal > 0
      ? { items: [{ type: "message", tokens: ["It rains."] }] }
      : {
          tokenMs: TOKEN_MS,
          items: [
            { type: "reasoning", tokens: ["Hm."], encryptedContent: "secret" },
            { type: "function_call", tokens: ['{"city":', '"Rome"}'], callId: "c", name: "weather" },
            {
              type: "function_call",
              tokens: ['{"city"', ...Array<string>(60).fill(" "), ':"Oslo"}'],
              callId: "d",
              name: "weather",
            },
          ],
        },
  );
  await eventually("the second call is being written", () => (upstream.responses[0]?.tokens ?? 0) > 20);
  await server.kill("SIGKILL");
  await server.restart();
  await eventually(
    "the run has ended",
    async () => (await storedRun(server, conversation))?.["status"] === "completed",
  );
  expect(upstream.responses.map((response) => response.tokens)).toEqual([65, 1]);
  const input = upstream.requests.findLast((request) => request.method === "POST")?.body["input"];
  expect(input).toEqual([
    expect.objectContaining({ role: "user" }),
    expect.objectContaining({ type: "reasoning", encrypted_content: "secret" }),
    { type: "function_call", call_id: "c", name: "weather", arguments: '{"city":"Rome"}' },
    { type: "function_call", call_id: "d", name: "weather", arguments: '{"city":"Oslo"}' },
    { type: "function_call_output", call_id: "c", output: "It rains in Rome." },
    { type: "function_call_output", call_id: "d", output: "It rains in Oslo." },
  ]);
  expect(await countOf(server, conversation, "step-reset", "tool-result")).toEqual([0, 2]);
});

test("a response that the provider no longer streams is waited for, and nothing of it is withdrawn", async () => {
  const { server, upstream, conversation } = await begin(() => ANSWER);
  await streamedSome(upstream);
  await server.kill("SIGKILL");
  upstream.streamsAgain = false;
  await server.restart();
  const { events } = await readStream(server.port, `/api/agent/stream/${conversation}`);
  expect(renderedText(events)).toBe(TEXT);
  expect(await countOf(server, conversation, "step-reset")).toEqual([0]);
  expect(upstream.responses).toMatchObject([{ tokens: ALL_TOKENS }]);
});

test("a response that the provider no longer knows is withdrawn, and another made", async () => {
  const { server, upstream, conversation } = await begin(() => ANSWER);
  await streamedSome(upstream);
  await server.kill("SIGKILL");
  upstream.forget();
  await server.restart();
  const { events } = await readStream(server.port, `/api/agent/stream/${conversation}`);
  expect(renderedText(events)).toBe(TEXT);
  expect(
    await countOf(server, conversation, "provider-response", "provider-response-lost", "step-reset"),
  ).toEqual([1, 0, 1]);
  expect(upstream.responses).toHaveLength(2);
});

test("a graceful stop leaves the response to the next process", async () => {
  const { server, upstream, conversation } = await begin(() => ANSWER);
  await streamedSome(upstream);
  await server.kill("SIGTERM");
  expect(server.ended).toBe(0);
  await server.restart();
  const { events } = await readStream(server.port, `/api/agent/stream/${conversation}`);
  expect(renderedText(events)).toBe(TEXT);
  expect(upstream.responses).toMatchObject([{ status: "completed", tokens: ALL_TOKENS }]);
});

test.each(["never", "SIGKILL"] as const)(
  "a cancellation stops the response at the provider, too (its first worker was lost: %s)",
  async (signal) => {
    const { server, upstream, conversation } = await begin(() => ({ ...ANSWER, tokenMs: 100 }));
    await streamedSome(upstream);
    if (signal === "SIGKILL") {
      await server.kill(signal);
      await server.restart();
    }
    await post(server, `/api/agents/Writer/run/${conversation}/cancel`);
    await eventually("the run has ended", async () => (await storedRun(server, conversation)) !== undefined);
    expect(await storedRun(server, conversation)).toMatchObject({ status: "cancelled" });
    expect(upstream.responses).toMatchObject([{ status: "cancelled" }]);
    expect(upstream.responses[0]?.tokens).toBeLessThan(ALL_TOKENS);
    const { text } = await readStream(server.port, `/api/agent/stream/${conversation}`);
    expect(text).toContain("Line 0");
  },
);

interface Scene {
  readonly server: ServeProcess;
  readonly upstream: ResponsesUpstream;
  readonly conversation: string;
}

async function begin(
  answerTo: (body: Record<string, unknown>, ordinal: number) => UpstreamAnswer,
): Promise<Scene> {
  const upstream = await startResponsesUpstream(answerTo);
  onTestFinished(() => upstream.close());
  const directory = await mkdtemp(join(tmpdir(), "holdfast-reattach-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const server = await startServe({
    name: "server",
    agents: AGENTS,
    args: ["--data", directory],
    environment: {
      OPENAI_BASE_URL: upstream.url,
      OPENAI_API_KEY: "key",
      OPENAI_MODEL: "gpt-5-mini",
      OPENAI_BACKGROUND: "true",
      HOLDFAST_GRACE_SECONDS: "0.2",
      HOLDFAST_LOG_LEVEL: "warn",
    },
  });
  onTestFinished(() => server.kill("SIGKILL"));
  const started = (await post(server, "/api/agents/Writer/run", "Go on.")) as {
    readonly conversation_id: string;
  };
  return { server, upstream, conversation: started.conversation_id };
}

async function post(server: ServeProcess, path: string, body?: string): Promise<unknown> {
  const response = await fetch(server.url + path, { method: "POST", ...(body !== undefined && { body }) });
  expect(response.ok).toBe(true);
  return response.json();
}

async function streamedSome(upstream: ResponsesUpstream): Promise<void> {
  await eventually("the answer has begun", () => (upstream.responses[0]?.tokens ?? 0) > 12);
}

/** Follows the stream from the last event seen until a condition holds, then drops the connection. */
async function readUntil(
  { port }: ServeProcess,
  conversation: string,
  seen: StreamEvent[],
  enough: () => boolean,
): Promise<void> {
  const last = seen.at(-1)?.cursor;
  const stream = await openStream(port, `/api/agent/stream/${conversation}`, {
    ...(last !== undefined && { headers: { "last-event-id": last } }),
  });
  let taken = 0;
  await eventually("the reader has seen enough", () => {
    seen.push(...stream.events.slice(taken));
    taken = stream.events.length;
    return enough();
  });
  stream.cut();
}

/** The conversation's first run as the history keeps it, once it has ended. */
async function storedRun(
  server: ServeProcess,
  conversation: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const response = await fetch(`${server.url}/api/conversations/${conversation}`);
  const { runs } = (await response.json()) as { readonly runs: readonly Readonly<Record<string, unknown>>[] };
  return runs[0];
}

/** How many entries of each type the log shows. */
async function countOf(
  server: ServeProcess,
  conversation: string,
  ...types: readonly string[]
): Promise<readonly number[]> {
  const { events } = await readStream(server.port, `/api/agent/stream/${conversation}?events=all`);
  return types.map((type) => events.filter((event) => event.event === type).length);
}
