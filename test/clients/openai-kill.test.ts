import { createOpenAI } from "@ai-sdk/openai";
import { generateText, streamText } from "ai";
import OpenAI from "openai";
import { expect, it, onTestFinished } from "vitest";
import { createDurableFetch } from "../../src/client/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { openCluster } from "../support/cluster.ts";
import type { Cluster, ClusterStore } from "../support/cluster.ts";
import { chunkPlace, openUpstream } from "../support/upstream.ts";
import type { Upstream } from "../support/upstream.ts";
import { AGENT } from "../support/upstream-wire.ts";
import { createOpenAi, textOfEvents } from "./openai-client.ts";

type Event = OpenAI.Responses.ResponseStreamEvent;

// Real processes, killed in the middle of what they say.

const CHUNKS = 6;
/** So many chunks are shown when the process is killed. */
const SHOWN = 3;

async function open(
  store: ClusterStore,
  apiNodes: number,
): Promise<{ upstream: Upstream; cluster: Cluster }> {
  const upstream = await openUpstream({ turns: () => [{ chunks: CHUNKS }] });
  onTestFinished(() => upstream.close());
  const cluster = await openCluster({ store, workers: 1, apiNodes, upstream: upstream.url });
  onTestFinished(() => cluster.close());
  return { upstream, cluster };
}

/** Keeps what comes, also when it breaks off. */
async function collect(stream: AsyncIterable<Event>, events: Event[]): Promise<"ended" | "broke off"> {
  try {
    for await (const event of stream) events.push(event);
    return "ended";
  } catch {
    return "broke off"; // The kill: the caller resumes.
  }
}

function shown(events: readonly Event[]): string {
  return events
    .flatMap((event) => (event.type === "response.output_text.delta" ? [event.delta] : []))
    .join("");
}

async function storedText(client: OpenAI, conversation: string): Promise<string> {
  return (await client.responses.retrieve(`resp_${conversation}~1`)).output_text;
}

it("kill -9 of the worker in mid-text: whoever reads on has the stored text in the end", async () => {
  const { upstream, cluster } = await open("redis", 1);
  const { port, url } = cluster.apis[0]!;
  const client = createOpenAi(port);
  const conversations = ["raw", "helper", "polled", "provider", "generated"];
  const holds = conversations.map((id) => upstream.hold(chunkPlace(id, 1, 0, SHOWN)));
  const asked = (conversation: string) => ({ model: AGENT, input: "Go.", conversation });

  const raw: Event[] = [];
  const reading = collect(await client.responses.create({ ...asked("raw"), stream: true }), raw);
  const helper = client.responses.stream(asked("helper"));
  const helped: Event[] = [];
  helper.on("event", (event) => helped.push(event));
  const polled = await client.responses.create({ ...asked("polled"), background: true });
  const model = createOpenAI({ baseURL: `${url}/v1`, apiKey: "test" }).responses(AGENT);
  const inConversation = (conversation: string) => ({ openai: { conversation } });
  const generating = generateText({
    model,
    prompt: "Go.",
    providerOptions: inConversation("generated"),
    maxRetries: 0,
  });
  const provider = streamText({ model, prompt: "Go.", providerOptions: inConversation("provider") });
  let told = "";
  const telling = (async () => {
    for await (const piece of provider.textStream) told += piece;
  })();

  await eventually("all calls have come to the place", () => holds.every(({ arrived }) => arrived === 1));
  await eventually("half of it is shown", () =>
    [shown(raw), shown(helped), told].every((text) => text.includes(`#1.${SHOWN - 2}`)),
  );
  await cluster.workers[0]!.kill("SIGKILL");
  for (const hold of holds) hold.release();
  await cluster.startWorker();

  expect(await reading).toBe("ended");
  const stored = await storedText(client, "raw");
  expect(textOfEvents(raw)).toBe(stored);
  const withdrawn = raw.filter((event) => event.type === "response.output_item.done");
  expect(withdrawn.map(({ item }) => "status" in item && item.status)).toEqual(["incomplete", "completed"]);
  expect(shown(raw)).not.toBe(stored);
  const final = await helper.finalResponse();
  expect(final.output_text).toBe(await storedText(client, "helper"));
  expect(textOfEvents(helped)).toBe(final.output_text);
  await eventually("the polled one", async () => {
    const { status } = await client.responses.retrieve(polled.id);
    return status === "completed";
  });
  expect(await storedText(client, "polled")).toContain(`, ${CHUNKS - 1}: `);
  expect((await generating).text).toBe(await storedText(client, "generated"));
  // The provider of the AI SDK puts single events together, and cannot take back what it has passed on.
  await telling;
  const answer = await storedText(client, "provider");
  expect(told).not.toBe(answer);
  expect(told.endsWith(answer)).toBe(true);
}, 60_000);

it("kill -9 of the only process: its clients resume where they were when it is there again", async () => {
  const { upstream, cluster } = await open("embedded", 0);
  const server = cluster.workers[0]!;
  const client = createOpenAi(server.port, { maxRetries: 100 });
  const durable = createOpenAi(server.port, {
    fetch: createDurableFetch({ limits: { backOff: { firstMs: 20, limitMs: 100 }, maxTries: 1_000 } }),
  });
  const holds = ["raw", "durable"].map((id) => upstream.hold(chunkPlace(id, 1, 0, SHOWN)));
  const asked = (conversation: string) => ({ model: AGENT, input: "Go.", conversation });

  const raw: Event[] = [];
  const reading = collect(await client.responses.create({ ...asked("raw"), stream: true }), raw);
  const helper = durable.responses.stream(asked("durable"));
  const helped: Event[] = [];
  helper.on("event", (event) => helped.push(event));

  await eventually("half of it is shown", () =>
    [raw, helped].every((events) => shown(events).includes(`#1.${SHOWN - 2}`)),
  );
  await server.kill("SIGKILL");
  expect(await reading).toBe("broke off");
  for (const hold of holds) hold.release();
  await server.restart();

  const { response } = raw[0] as OpenAI.Responses.ResponseCreatedEvent;
  const after = raw.at(-1)!.sequence_number;
  const rest = await client.responses.retrieve(response.id, { stream: true, starting_after: after });
  expect(await collect(rest, raw)).toBe("ended");
  expect(raw.map(({ sequence_number: number }) => number)).toEqual(raw.map((_, index) => index));
  expect(textOfEvents(raw)).toBe(await storedText(client, "raw"));
  const final = await helper.finalResponse();
  expect(final.output_text).toBe(await storedText(client, "durable"));
  expect(textOfEvents(helped)).toBe(final.output_text);
  const replayed = await client.responses.stream({ response_id: response.id }).finalResponse();
  expect(replayed.output_text).toBe(textOfEvents(raw));
}, 60_000);
