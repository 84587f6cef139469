import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { createDurableFetch } from "../../src/client/index.ts";
import { defineTool } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, startRun } from "../support/api.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { openServer, storePlace } from "../support/holdfast-server.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { createPuppet, scriptAgent, turnsAgent } from "../support/test-agents.ts";
import type { Move } from "../support/test-agents.ts";
import { createOpenAi, nativePlace, textOfEvents } from "./openai-client.ts";
import { installedVersion, recordSupport } from "./support-table.ts";

type Event = OpenAI.Responses.ResponseStreamEvent;

const CHUNKS = ["one ", "two\n", "東京 ", "🍣", "data: x\n\n", "six"];
const TEXT = CHUNKS.join("");
const FAST = { backOff: { firstMs: 1, limitMs: 20 }, maxTries: 500 } as const;

async function storedAnswer(server: TestServer, response: { readonly id: string }): Promise<unknown> {
  const { conversation, run } = nativePlace(response);
  return (await call(server, "GET", `/api/conversations/${conversation}?from=${run}`)).at("runs.0.response");
}

async function conversations(server: TestServer): Promise<readonly { readonly runs: number }[]> {
  const answer = await call(server, "GET", "/api/conversations");
  return answer.at("conversations") as readonly { readonly runs: number }[];
}

async function collect(stream: AsyncIterable<Event>, events: Event[] = []): Promise<Event[]> {
  for await (const event of stream) events.push(event);
  return events;
}

function numbersOf(events: readonly Event[]): readonly number[] {
  return events.map(({ sequence_number: number }) => number);
}

const range = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);

describe("a response", () => {
  it("is streamed as single events, from response.created to response.completed", async () => {
    const server = await openServer({ agents: [scriptAgent(CHUNKS)] });
    const client = createOpenAi(server.port);
    const events = await collect(
      await client.responses.create({ model: "Script", input: "Go on.", stream: true, background: true }),
    );
    expect(events.slice(0, 3).map(({ type }) => type)).toEqual([
      "response.created",
      "response.queued",
      "response.in_progress",
    ]);
    expect(numbersOf(events)).toEqual(range(events.length));
    const last = events.at(-1)!;
    expect(last).toMatchObject({ type: "response.completed", response: { status: "completed" } });
    expect(textOfEvents(events)).toBe(TEXT);
    const { response } = last as OpenAI.Responses.ResponseCompletedEvent;
    expect(await storedAnswer(server, response)).toBe(TEXT);
  });

  it("is followed by the stream helper, which has the stored text in the end", async () => {
    const server = await openServer({ agents: [scriptAgent(CHUNKS)] });
    const stream = createOpenAi(server.port).responses.stream({ model: "script", input: "Go on." });
    const response = await stream.finalResponse();
    expect(response).toMatchObject({ status: "completed", output_text: TEXT, model: "Script", error: null });
    expect(response.usage).toMatchObject({ total_tokens: 0 });
    expect(await storedAnswer(server, response)).toBe(TEXT);
  });

  it("is waited for, when neither the background nor a stream is asked for", async () => {
    const server = await openServer({ agents: [scriptAgent(CHUNKS)] });
    const response = await createOpenAi(server.port).responses.create({ model: "Script", input: "Go on." });
    expect(response).toMatchObject({ status: "completed", output_text: TEXT, object: "response" });
  });

  it("is waited for by the client's own retries, which start no second run", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition], limits: { waitForResponseMs: 20 } });
    let asked = 0;
    const client = createOpenAi(server.port, {
      fetch: (url, init) => {
        asked += 1;
        return fetch(url, init);
      },
    });
    const refused = await client.responses
      .create({ model: "Puppet", input: "Go on." }, { maxRetries: 0 })
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 425, code: "response_in_progress" });
    puppet.end();
    const waiting = client.responses.create({ model: "Puppet", input: "Another." }, { maxRetries: 20 });
    await eventually("a retry of the second run", () => puppet.steps.length === 2 && asked >= 3);
    puppet.say("done");
    puppet.end();
    expect((await waiting).output_text).toBe("done");
    expect((await conversations(server)).map(({ runs }) => runs)).toEqual([1, 1]);
  });

  it("runs in the background and is polled", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const client = createOpenAi(server.port);
    const created = await client.responses.create({ model: "Puppet", input: "Go on.", background: true });
    expect(created).toMatchObject({
      status: expect.stringMatching(/^(queued|in_progress)$/),
      background: true,
    });
    puppet.say("half ");
    await eventually("half of it", async () => {
      const { status, output_text: text } = await client.responses.retrieve(created.id);
      return status === "in_progress" && text === "half ";
    });
    puppet.say("whole");
    puppet.end();
    await eventually("the end", async () => {
      const { status } = await client.responses.retrieve(created.id);
      return status === "completed";
    });
    const { output_text: text, completed_at: at } = await client.responses.retrieve(created.id);
    expect(text).toBe("half whole");
    expect(at).toBeGreaterThan(0);
  });

  it("tells a failure, with a code that the client knows", async () => {
    const server = await openServer({
      agents: [scriptAgent([new Error("broken")], { limits: { maxModelTries: 1 } })],
    });
    const client = createOpenAi(server.port);
    const stream = client.responses.stream({ model: "Script", input: "Go on." });
    const failed = await stream.finalResponse();
    expect(failed).toMatchObject({ status: "failed", error: { code: "server_error" } });
    expect(await client.responses.retrieve(failed.id)).toMatchObject({ status: "failed" });
  });

  it("is told from the history once its stream has expired", async () => {
    let now = Date.now();
    const store = { now: () => now, streamTtlMs: 60_000 };
    const server = await openServer({ agents: [scriptAgent(CHUNKS)], storeOptions: store });
    const client = createOpenAi(server.port);
    const { id } = await client.responses.create({ model: "Script", input: "Go on." });
    now += 120_000;
    expect(await client.responses.retrieve(id)).toMatchObject({ status: "completed", output_text: TEXT });
    await expect(client.responses.retrieve(id, { stream: true })).rejects.toMatchObject({
      status: 410,
      code: "stream_expired",
    });
  });
});

describe("a cut", () => {
  it("is resumed after the last event by number, wherever the sockets are reset", async () => {
    const seed = Date.now() % 100_000;
    const random = seededRandom(seed);
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const client = createOpenAi(proxy.port, { maxRetries: 0 });
    const events: Event[] = [];
    let cuts = 0;
    async function read(stream: AsyncIterable<Event>): Promise<void> {
      const said = events.length;
      try {
        await collect(stream, events);
      } catch (error) {
        expect(events.length, `seed ${seed}: ${String(error)}`).toBeGreaterThanOrEqual(said);
        cuts += 1;
        await resume();
      }
    }
    async function resume(): Promise<void> {
      const [created] = events;
      const { id } = (created as OpenAI.Responses.ResponseCreatedEvent).response;
      const after = events.at(-1)!.sequence_number;
      const stream = await client.responses
        .retrieve(id, { stream: true, starting_after: after })
        .catch((error: unknown) => {
          if (error instanceof OpenAI.APIConnectionError) return undefined;
          throw error;
        });
      await (stream ? read(stream) : resume());
    }
    const reading = read(await client.responses.create({ model: "Puppet", input: "Go on.", stream: true }));
    await eventually("it has begun", () => events.length > 0);
    for (const chunk of CHUNKS) {
      puppet.say(chunk);
      if (random.chance(0.7)) proxy.resetAll();
      await eventually("the chunk", () =>
        events.some((event) => event.type === "response.output_text.delta" && event.delta === chunk),
      );
      if (random.chance(0.7)) proxy.resetAll();
    }
    puppet.end();
    await reading;
    expect(numbersOf(events), `seed ${seed}`).toEqual(range(events.length));
    expect(textOfEvents(events)).toBe(TEXT);
    expect(cuts, `seed ${seed}`).toBeGreaterThan(0);
    expect(await conversations(server)).toMatchObject([{ runs: 1 }]);
  });

  it("is resumed by the helper, which is shown only what comes after the number it names", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const client = createOpenAi(proxy.port);
    const seen: Event[] = [];
    const first = client.responses.stream({ model: "Puppet", input: "Go on." });
    first.on("event", (event) => seen.push(event));
    puppet.say("one ", "two ");
    await eventually("two chunks", () => seen.filter(({ type }) => type.endsWith("text.delta")).length === 2);
    proxy.resetAll();
    await expect(first.done()).rejects.toThrow();
    const { id } = (seen[0] as OpenAI.Responses.ResponseCreatedEvent).response;
    const again = client.responses.stream({ response_id: id, starting_after: seen.at(-1)!.sequence_number });
    again.on("event", (event) => seen.push(event));
    puppet.say("three");
    puppet.end();
    const response = await again.finalResponse();
    expect(response.output_text).toBe("one two three");
    expect(numbersOf(seen)).toEqual(range(seen.length));
    expect(textOfEvents(seen)).toBe("one two three");
  });

  it("is not noticed by the helper over a durable fetch", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const client = createOpenAi(proxy.port, { fetch: createDurableFetch({ limits: FAST }) });
    const stream = client.responses.stream({ model: "Puppet", input: "Go on." });
    const events: Event[] = [];
    stream.on("event", (event) => events.push(event));
    for (const [index, chunk] of CHUNKS.entries()) {
      puppet.say(chunk);
      const deltas = (): number => events.filter(({ type }) => type.endsWith("text.delta")).length;
      await eventually("the chunk", () => deltas() > index);
      proxy.resetAll();
    }
    puppet.end();
    expect((await stream.finalResponse()).output_text).toBe(TEXT);
    expect(numbersOf(events)).toEqual(range(events.length));
    expect(proxy.connections).toBeGreaterThan(CHUNKS.length);
  });

  it("is resumed by Last-Event-ID at the address that the first answer names, starting_after or not", async () => {
    const server = await openServer({ agents: [scriptAgent(CHUNKS)] });
    const client = createOpenAi(server.port);
    const { id } = await client.responses.create({ model: "Script", input: "Go on." });
    const path = `/v1/responses/${id}?stream=true&starting_after=4`;
    const answer = await call(server, "GET", path);
    const resume = answer.headers.get("x-stream-resume")!;
    expect(idsIn(answer.body)[0]).toBe("5");
    // Cut before its first event, a client has no id to say.
    expect(idsIn((await call(server, "GET", resume)).body)).toEqual(idsIn(answer.body));
    const resumed = await call(server, "GET", resume, undefined, { "last-event-id": "9" });
    expect(idsIn(resumed.body)).toEqual(idsIn(answer.body).slice(5));
    expect(String(resumed.body).endsWith(": end\n")).toBe(true);
  });
});

function idsIn(body: unknown): readonly string[] {
  return [...String(body).matchAll(/^id: (.*)$/gm)].map((match) => match[1]!);
}

describe("a retry of the client", () => {
  it("finds the run that its first try has started, after a reset before the answer", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const client = createOpenAi(proxy.port);
    const waiting = client.responses.create({ model: "Puppet", input: "Go on." });
    await eventually("the run", () => puppet.steps.length === 1);
    proxy.resetAll();
    await eventually("the retry", () => proxy.connections === 2);
    puppet.say("once");
    puppet.end();
    expect((await waiting).output_text).toBe("once");
    expect(puppet.steps).toHaveLength(1);
    expect(await conversations(server)).toMatchObject([{ runs: 1 }]);
  });

  it("finds it in a conversation, and after a response, too", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const client = createOpenAi(proxy.port);
    const common = { model: "Puppet", input: "Yes." } as const;
    let previous: string | undefined;
    for (const [index, place] of (["conversation", "conversation", "previous"] as const).entries()) {
      const waiting = client.responses.create({
        ...common,
        ...(place === "conversation" ? { conversation: "c" } : { previous_response_id: previous! }),
      });
      await eventually("the run", () => puppet.steps.length === index + 1);
      const before = proxy.connections;
      proxy.resetAll();
      await eventually("the retry", () => proxy.connections > before);
      puppet.say("once");
      puppet.end();
      previous = (await waiting).id;
      expect(previous).toBe(`resp_c~${index + 1}`);
    }
    expect(await conversations(server)).toMatchObject([{ runs: 3 }]);
  });

  it("finds it on another node, and two equal requests are two runs all the same", async () => {
    const puppet = createPuppet();
    const agents = [puppet.definition];
    const open = await storePlace("redis");
    const nodes = [
      await openServer({ store: await open(), agents }),
      await openServer({ store: await open(), agents, runsAgents: false }),
    ];
    const body = { model: "Puppet", input: "Go on.", background: true };
    const send = async (node: number, count?: string, more: object = {}): Promise<unknown> => {
      const headers = { authorization: "Bearer a", ...(count && { "x-stainless-retry-count": count }) };
      return (await call(nodes[node]!, "POST", "/v1/responses", { ...body, ...more }, headers)).at("id");
    };
    const [one, two] = await Promise.all([send(0, "0"), send(0, "0")]);
    const three = await send(1, "0");
    const plain = await send(0);
    expect(new Set([one, two, three, plain]).size).toBe(4);
    expect([one, two, three]).toContain(await send(1, "1"));
    expect([one, two, three]).toContain(await send(0, "2"));
    // One whose first try never arrived starts its run, which its next try finds.
    const late = await send(0, "1", { input: "Late." });
    expect(await send(1, "2", { input: "Late." })).toBe(late);
    const racing = await Promise.all(["1", "2"].map((count, node) => send(node, count, { input: "Race." })));
    expect(new Set(racing).size).toBe(1);
    expect(await conversations(nodes[0]!)).toHaveLength(6);
    const many = await Promise.all(range(30).map((index) => send(index % 2, "0", { input: "Many." })));
    expect(new Set(many).size).toBe(30);
    expect(many).toContain(await send(0, "1", { input: "Many." }));
  });

  it("has its run found by its first try, where that was held up on its way", async () => {
    let clock = Date.now();
    const now = (): number => clock;
    const server = await openServer({ agents: [scriptAgent(["ok"])], now, storeOptions: { now } });
    for (const place of [{}, { conversation: "c" }]) {
      const body = JSON.stringify({ model: "Script", input: "Go on.", background: true, ...place });
      const sent = (count: number, stream: BodyInit): Promise<Response> =>
        server.holdfast.fetch(
          new Request(`${server.url}/v1/responses`, {
            method: "POST",
            headers: { "x-stainless-retry-count": String(count) },
            body: stream,
            duplex: "half",
          } as RequestInit),
        );
      const arrived = Promise.withResolvers<ReadableStreamDefaultController>();
      const held = sent(
        0,
        new ReadableStream({ pull: (given) => arrived.resolve(given) }, { highWaterMark: 0 }),
      );
      const controller = await arrived.promise;
      clock += 1000;
      const { id } = (await (await sent(1, body)).json()) as { readonly id: string };
      controller.enqueue(new TextEncoder().encode(body));
      controller.close();
      expect(await (await held).json()).toMatchObject({ id });
    }
    expect(await conversations(server)).toMatchObject([{ runs: 1 }, { runs: 1 }]);
  });

  it("is known by an Idempotency-Key whatever its count, and another request under it is refused", async () => {
    const server = await openServer({ agents: [scriptAgent(["ok"])] });
    const client = createOpenAi(server.port);
    const request = { model: "Script", input: "Go on." } as const;
    const headers = { "Idempotency-Key": "key" };
    const first = await client.responses.create(request, { headers });
    expect((await client.responses.create(request, { headers })).id).toBe(first.id);
    await expect(
      client.responses.create({ ...request, input: "Other." }, { headers }),
    ).rejects.toBeInstanceOf(OpenAI.UnprocessableEntityError);
    const brought = {
      ...request,
      conversation: "brought",
      input: [
        { role: "user", content: "Hello." },
        { role: "assistant", content: "Hi." },
        { role: "user", content: "Go on." },
      ],
    } satisfies OpenAI.Responses.ResponseCreateParams;
    for (const options of [{ headers }, { headers: { "X-Stainless-Retry-Count": "1" } }]) {
      const begun = await client.responses.create({ ...brought }, options);
      const again = await client.responses.create({ ...brought }, options);
      expect(again.id).toBe(begun.id);
      await call(server, "DELETE", "/api/conversations/brought");
    }
    const next = { ...request, previous_response_id: first.id };
    const second = await client.responses.create(next, { headers: { "Idempotency-Key": "next" } });
    const again = await client.responses.create(next, { headers: { "Idempotency-Key": "next" } });
    expect(again.id).toBe(second.id);
    expect(await conversations(server)).toMatchObject([{ runs: 2 }]);
  });
});

describe("cancel and delete", () => {
  it("cancels a run under way, whose stream says so, and gives it again when asked again", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const client = createOpenAi(server.port);
    const stream = client.responses.stream({ model: "Puppet", input: "Go on." });
    const events: Event[] = [];
    stream.on("event", (event) => events.push(event));
    puppet.say("half");
    await eventually("half of it", () => events.some(({ type }) => type.endsWith("text.delta")));
    const { id } = (events[0] as OpenAI.Responses.ResponseCreatedEvent).response;
    const cancelled = await client.responses.cancel(id);
    expect(cancelled).toMatchObject({
      id,
      status: "cancelled",
      output: [{ status: "incomplete", content: [{ text: "half" }] }],
    });
    const final = await stream.finalResponse();
    expect(final).toMatchObject({ status: "cancelled", output_text: "half" });
    expect(events.at(-1)?.type).toBe("response.incomplete");
    expect(await client.responses.cancel(id)).toMatchObject({ id, status: "cancelled" });
  });

  it("cancels one that waits for its turn, and leaves alone what has ended", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const client = createOpenAi(server.port);
    const request = { model: "Puppet", input: "Go on.", conversation: "c", background: true } as const;
    const first = await client.responses.create(request);
    puppet.say("done");
    puppet.end();
    await eventually("the first", async () => {
      const { status } = await client.responses.retrieve(first.id);
      return status === "completed";
    });
    const second = await client.responses.create(request);
    expect(await client.responses.cancel(second.id)).toMatchObject({ status: "cancelled", output: [] });
    expect(await client.responses.cancel(first.id)).toMatchObject({
      status: "completed",
      output: [{ content: [{ text: "done" }] }],
    });
  });

  it("deletes a response with its conversation, if it is the only one of it", async () => {
    const server = await openServer({ agents: [scriptAgent(["ok"])] });
    const client = createOpenAi(server.port);
    const first = await client.responses.create({ model: "Script", input: "Go on." });
    await client.responses.delete(first.id);
    await expect(client.responses.retrieve(first.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(client.responses.delete(first.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    expect(await conversations(server)).toEqual([]);
    const two = await client.responses.create({ model: "Script", input: "Go on.", conversation: "c" });
    await client.responses.create({ model: "Script", input: "Go on.", previous_response_id: two.id });
    await expect(client.responses.delete(two.id)).rejects.toMatchObject({
      status: 400,
      code: "response_of_conversation",
    });
  });
});

describe("a conversation", () => {
  it("goes on after a response or by its id, and a native run is a response of it", async () => {
    const agent = turnsAgent([["first"], ["second"], ["third"], ["fourth"]]);
    const server = await openServer({ agents: [agent.definition] });
    const client = createOpenAi(server.port);
    const first = await client.responses.create({ model: "Script", input: "One." });
    const second = await client.responses.create({ input: "Two.", previous_response_id: first.id });
    const { conversation } = nativePlace(first);
    expect(second).toMatchObject({ previous_response_id: first.id, conversation: { id: conversation } });
    const run = await startRun(server, "Script", { message: "Three.", thread_id: conversation });
    await eventually("the third", async () => {
      const { status } = await client.responses.retrieve(`resp_${conversation}~${run.run}`);
      return status === "completed";
    });
    await client.responses.create({ model: "Script", input: "Four.", conversation });
    expect(textsOf(agent.steps[3]!.messages)).toEqual([
      "user: One.",
      "assistant: first",
      "user: Two.",
      "assistant: second",
      "user: Three.",
      "assistant: third",
      "user: Four.",
    ]);
  });

  it("does not branch: only its newest response can be gone on from", async () => {
    const server = await openServer({ agents: [scriptAgent(["ok"])] });
    const client = createOpenAi(server.port);
    const first = await client.responses.create({ model: "Script", input: "One." });
    const next = { model: "Script", previous_response_id: first.id, background: true } as const;
    const both = await Promise.allSettled(
      ["Two.", "Or two."].map((input) => client.responses.create({ ...next, input })),
    );
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    await expect(client.responses.create({ ...next, input: "Three." })).rejects.toMatchObject({
      status: 400,
      code: "previous_response_not_newest",
      param: "previous_response_id",
    });
    expect(await conversations(server)).toMatchObject([{ runs: 2 }]);
  });

  it("may be brought along: messages, instructions, and the items of earlier responses", async () => {
    const look = defineTool({ inputSchema: z.object({}), execute: () => "sun" });
    const called: Move = { type: "tool-call", callId: "c1", name: "look", input: {} };
    const agent = turnsAgent([["Looking.", called], ["Sun."], ["Again."], ["And again."]], {
      tools: { look },
    });
    const server = await openServer({ agents: [agent.definition] });
    const client = createOpenAi(server.port);
    const first = await client.responses.create({
      model: "Script",
      input: "Weather?",
      instructions: "Be short.",
    });
    expect(agent.steps[0]!.instructions).toContain("Be short.");
    expect(first.output.map(({ type }) => type)).toEqual(["message", "mcp_call", "message"]);
    await client.responses.create({
      model: "Script",
      input: [
        { role: "developer", content: "Be long." },
        { role: "user", content: "Weather?" },
        ...(first.output as OpenAI.Responses.ResponseInputItem[]),
        { role: "user", content: [{ type: "input_text", text: "Really?" }] },
      ],
    });
    expect(agent.steps[2]!.instructions).toContain("Be long.");
    const given = agent.steps[2]!.messages;
    await client.responses.create({
      model: "Script",
      input: [
        { role: "user", content: "Weather?" },
        ...first.output.map(({ id }) => ({ type: "item_reference", id: id! }) as const),
        { role: "user", content: "Really?" },
      ],
    });
    const referred = agent.steps[3]!.messages;
    expect(textsOf(referred)).toEqual([
      "user: Weather?",
      "assistant: Looking. look",
      "tool: sun",
      "assistant: Sun.",
      "user: Really?",
    ]);
    expect(textsOf(given).map((text) => text.replace("\n\n", ""))).toEqual(textsOf(referred));
  });

  it("asks for a form of the answer, and for no tools", async () => {
    const look = defineTool({ inputSchema: z.object({}), execute: () => "sun" });
    const agent = turnsAgent([['{"city":"Rome"}']], { tools: { look } });
    const server = await openServer({ agents: [agent.definition] });
    const schema = { type: "object", properties: { city: { type: "string" } } };
    const response = await createOpenAi(server.port).responses.parse({
      model: "Script",
      input: "Where?",
      tool_choice: "none",
      temperature: 0.5,
      max_output_tokens: 100,
      text: { format: { type: "json_schema", name: "place", schema } },
    });
    expect(response.output_parsed).toEqual({ city: "Rome" });
    expect(response.text?.format).toMatchObject({ type: "json_schema", name: "place", schema });
    expect(agent.steps[0]!).toMatchObject({ responseFormat: { type: "json", name: "place", schema } });
    expect(agent.steps[0]!.tools).toEqual([]);
  });
});

interface ToldMessage {
  readonly role: string;
  readonly content: readonly object[];
}

function textsOf(messages: readonly ToldMessage[]): readonly string[] {
  return messages.map(({ role, content }) => {
    const texts = content.map((part) => {
      if ("text" in part) return part.text;
      if ("output" in part) return (part.output as { readonly value: unknown }).value;
      return "toolName" in part ? part.toolName : "";
    });
    return `${role}: ${texts.join(" ")}`;
  });
}

describe("input items", () => {
  it("are listed page by page in either order", async () => {
    const server = await openServer({ agents: [scriptAgent(["ok"])] });
    const client = createOpenAi(server.port);
    const said = ["one", "two", "three", "four", "five"];
    const { id } = await client.responses.create({
      model: "Script",
      input: said.map((content) => ({ role: "user" as const, content })),
    });
    for (const order of ["asc", "desc"] as const) {
      const texts: string[] = [];
      for await (const item of client.responses.inputItems.list(id, { limit: 2, order })) {
        if (item.type === "message")
          texts.push(...item.content.map((part) => ("text" in part ? part.text : "")));
      }
      expect(texts).toEqual(order === "asc" ? said : said.toReversed());
    }
    const page = await client.responses.inputItems.list(id, { limit: 2 });
    expect(page).toMatchObject({ has_more: true, data: [{ role: "user", status: "completed" }, {}] });
    await expect(client.responses.inputItems.list(id, { after: "msg_x" })).rejects.toMatchObject({
      status: 400,
      param: "after",
    });
  });
});

describe("models", () => {
  it("are the agents", async () => {
    const server = await openServer({
      agents: [scriptAgent(["ok"]), scriptAgent(["ok"], { name: "Other" })],
    });
    const client = createOpenAi(server.port);
    const ids: string[] = [];
    for await (const { id } of client.models.list()) ids.push(id);
    expect(ids).toEqual(["Script", "Other"]);
    expect(await client.models.retrieve("other")).toMatchObject({ id: "Other", object: "model" });
    await expect(client.models.retrieve("nobody")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });
});

describe("a refusal", () => {
  it.each([
    ["tools", { tools: [{ type: "web_search" }] }, "unsupported_parameter"],
    ["tool_choice", { tool_choice: "required" }, "unsupported_parameter"],
    ["store: false", { store: false }, "unsupported_parameter"],
    ["prompt", { prompt: { id: "p" } }, "unsupported_parameter"],
    ["max_tool_calls", { max_tool_calls: 1 }, "unsupported_parameter"],
    ["input", { input: [] }, "invalid_value"],
    ["input", { input: " " }, "invalid_value"],
    ["input[0]", { input: [{ role: "assistant", content: "x" }] }, "invalid_value"],
    [
      "input[0]",
      { input: [{ type: "function_call_output", call_id: "c", output: "x" }] },
      "unsupported_item",
    ],
    [
      "input[0].content[0]",
      { input: [{ role: "user", content: [{ type: "input_image", image_url: "x" }] }] },
      "unsupported_content",
    ],
    [
      "input[0]",
      {
        input: [
          { type: "item_reference", id: "msg_x~1_1-2" },
          { role: "user", content: "x" },
        ],
      },
      "item_not_found",
    ],
    [
      "input[0]",
      { input: [{ type: "mcp_approval_response", approval_request_id: "x", approve: true }] },
      "approval_not_found",
    ],
    [
      "text.format.schema",
      { text: { format: { type: "json_schema", name: "x" } } },
      "missing_required_parameter",
    ],
    [
      "previous_response_id",
      { previous_response_id: "resp_x~1", conversation: "c" },
      "mutually_exclusive_parameters",
    ],
    ["metadata", { metadata: "x" }, "invalid_value"],
  ] as const)("names %s, and the client makes an error of it", async (param, more, code) => {
    const server = await openServer({ agents: [scriptAgent(["ok"])] });
    const request = { model: "Script", input: "Go on.", ...more } as unknown as { readonly input: string };
    const error = await createOpenAi(server.port)
      .responses.create(request)
      .catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ param, code, type: "invalid_request_error" });
    expect((error as { readonly requestID: string }).requestID).toMatch(/^req_/);
    expect(await conversations(server)).toEqual([]);
  });

  it("of what is not there is a NotFoundError", async () => {
    const server = await openServer({ agents: [scriptAgent(["ok"])] });
    const client = createOpenAi(server.port);
    await expect(client.responses.create({ model: "nobody", input: "x" })).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
      param: "model",
    });
    const unknown = { status: 404, code: "response_not_found" };
    await expect(client.responses.retrieve("resp_x~1")).rejects.toMatchObject(unknown);
    await expect(client.responses.retrieve("resp_x~1", { stream: true })).rejects.toMatchObject(unknown);
    await expect(client.responses.cancel("resp_x~1")).rejects.toMatchObject(unknown);
    await expect(client.responses.inputItems.list("resp_x~1")).rejects.toMatchObject(unknown);
    const { id } = await client.responses.create({ model: "Script", input: "x" });
    await expect(client.responses.retrieve(`${id}.2`)).rejects.toMatchObject(unknown);
    await expect(client.responses.retrieve("x")).rejects.toMatchObject({ status: 400, code: "invalid_id" });
    await expect(
      client.responses.create({ model: "Script", input: "x", previous_response_id: "resp_x~1" }),
    ).rejects.toMatchObject({ status: 404, code: "previous_response_not_found" });
  });

  it("because of a conflict is not tried again", async () => {
    const puppet = createPuppet();
    const agents = [puppet.definition, scriptAgent(["ok"])];
    const server = await openServer({ agents, limits: { maxWaitingRuns: 1 } });
    const proxy = await openCuttingProxy(server.port);
    const client = createOpenAi(proxy.port);
    const request = { input: "Go on.", conversation: "c", background: true } as const;
    await client.responses.create({ ...request, model: "Puppet" });
    await eventually("it runs", () => puppet.steps.length === 1);
    await client.responses.create({ ...request, model: "Puppet" });
    const full = client.responses.create({ ...request, model: "Puppet" });
    await expect(full).rejects.toBeInstanceOf(OpenAI.RateLimitError);
    const other = client.responses.create({ ...request, model: "Script" });
    await expect(other).rejects.toMatchObject({ status: 400, code: "conversation_of_another_agent" });
    await server.stop();
    await expect(client.responses.create(request, { maxRetries: 0 })).rejects.toThrow();
  });
});

it("is recorded what the stock client was shown to do", () => {
  recordSupport({
    client: "openai",
    version: installedVersion("openai"),
    start: "yes",
    stream: "yes",
    resume: "`starting_after`, or by itself over `durableFetch`",
    exact: "yes",
    cancel: "yes",
    approve: "yes",
  });
});
