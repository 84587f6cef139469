import { EventSource } from "eventsource";
import { createParser } from "eventsource-parser";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDurableFetch } from "../../src/client/index.ts";
import type { DurableFetchOptions } from "../../src/client/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, startRun, storedText } from "../support/api.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { openServer, STORE_KINDS, storePlace } from "../support/holdfast-server.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { renderedText } from "../support/stream-reader.ts";
import type { StreamEvent } from "../support/stream-reader.ts";
import { createPuppet, scriptAgent } from "../support/test-agents.ts";

const CHUNKS = ["one ", "two\n", "東京 ", "🍣", "data: x\n\n", "six"];
const FAST = { backOff: { firstMs: 1, limitMs: 20 }, maxTries: 500 } as const;

/** Reads a body as a stock client does: every event that its parser dispatches. */
async function readEvents(response: Response, events: StreamEvent[] = []): Promise<string> {
  const parser = createParser({
    onEvent: ({ id = "", event = "message", data }) => void events.push({ cursor: id, event, data }),
    onError: (error) => {
      throw error;
    },
  });
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of response.body!) {
    const piece = decoder.decode(bytes, { stream: true });
    text += piece;
    parser.feed(piece);
  }
  return text;
}

describe.each(STORE_KINDS)("durableFetch on the %s store", (store) => {
  it("gives a plain reader every event once over resets at every chunk, and one end", async () => {
    const puppet = createPuppet();
    const server = await openServer({ store, agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const run = await startRun(server, "Puppet");
    const durableFetch = createDurableFetch({ limits: FAST });
    const response = await durableFetch(`http://127.0.0.1:${proxy.port}${run.streamPath}`);
    expect(response.url).toContain(run.streamPath);
    const events: StreamEvent[] = [];
    const reading = readEvents(response, events);
    for (const [index, chunk] of CHUNKS.entries()) {
      puppet.say(chunk);
      await eventually("the chunk", () => events.length > index);
      proxy.resetAll();
    }
    puppet.end();
    const text = await reading;
    expect(events.map(({ data }) => data)).toEqual([...CHUNKS, "[DONE]"]);
    expect(renderedText(events)).toBe(await storedText(server, run));
    expect(text.match(/^: end$/gm)).toHaveLength(1);
    expect(text.endsWith(": end\n")).toBe(true);
    expect(proxy.connections).toBeGreaterThan(CHUNKS.length);
  });
});

it("carries a POST that starts a run over cuts, without starting another", async () => {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  const proxy = await openCuttingProxy(server.port);
  const response = await createDurableFetch({ limits: FAST })(
    `http://127.0.0.1:${proxy.port}/api/agent/create`,
    { method: "POST", body: "Go.", headers: { "content-type": "text/plain" } },
  );
  const events: StreamEvent[] = [];
  const reading = readEvents(response, events);
  proxy.resetAll();
  for (const chunk of CHUNKS) puppet.say(chunk);
  await eventually("the chunks", () => events.length === CHUNKS.length);
  proxy.resetAll();
  puppet.end();
  await reading;
  expect(renderedText(events)).toBe(CHUNKS.join(""));
  const all = await call(server, "GET", "/api/conversations");
  expect(all.body).toMatchObject({ conversations: [{ runs: 1 }] });
});

it("lets the stock EventSource notice nothing, not even a restart of the server", async () => {
  const puppet = createPuppet();
  const open = await storePlace("sqlite");
  const server = await openServer({ store: await open(), agents: [puppet.definition] });
  const run = await startRun(server, "Puppet");
  const events: StreamEvent[] = [];
  let opened = 0;
  const errors: (number | undefined)[] = [];
  const source = new EventSource(server.url + run.streamPath, {
    fetch: createDurableFetch({ limits: FAST }),
  });
  onTestFinished(() => source.close());
  source.addEventListener("open", () => (opened += 1));
  source.addEventListener("error", ({ code }) => void errors.push(code));
  for (const event of ["message", "step-reset", "done"]) {
    source.addEventListener(event, ({ lastEventId, data }: MessageEvent<string>) => {
      events.push({ cursor: lastEventId, event, data });
    });
  }
  puppet.say("half of ");
  await eventually("the first half", () => events.length === 1);
  await server.stop();
  const again = await openServer({ store: await open(), agents: [puppet.definition], port: server.port });
  puppet.say("the whole ", "of it");
  expect(opened).toBe(1);
  expect(errors).toEqual([]);
  puppet.end();
  await eventually("it is closed", () => source.readyState === EventSource.CLOSED);
  expect(renderedText(events)).toBe("the whole of it");
  expect(await storedText(again, run)).toBe("the whole of it");
  expect(errors.at(-1)).toBe(204);
});

describe("what it leaves alone", () => {
  it("passes on every answer that is no resumable event stream, the very same object", async () => {
    const server = await openServer({ agents: [scriptAgent(CHUNKS)] });
    const run = await startRun(server, "Script");
    let answer: Response | undefined;
    const durableFetch = createDurableFetch({
      fetch: async (input, init) => (answer = await fetch(input, init)),
    });
    const stream = server.url + run.streamPath;
    for (const [url, init] of [
      [`${server.url}/api/health`, {}],
      [`${server.url}/api/agent/stream/nobody`, {}],
      [stream, { headers: { accept: "text/plain" } }],
      [stream, { headers: { accept: "application/x-ndjson" } }],
      [stream, { method: "HEAD" }],
    ] as const) {
      expect(await durableFetch(url, init)).toBe(answer);
      await answer!.text();
    }
    await expect(durableFetch("http://127.0.0.1:9/")).rejects.toThrow("fetch failed");
  });
});

const HEAD = { "content-type": "text/event-stream", "x-stream-resume": "/resume?x=1" };
const event = (id: number, data = `d${id}`) => `id: ${id}\nevent: e\ndata: ${data}\n\n`;

/** Answers from a script: what each connection sends before it breaks. */
function scripted(connections: readonly (string | Response | Error)[], options: DurableFetchOptions = {}) {
  const requests: { readonly url: string; readonly headers: Headers; readonly init: RequestInit }[] = [];
  const durableFetch = createDurableFetch({
    limits: { ...FAST, maxTries: 5 },
    ...options,
    fetch: async (input, init = {}) => {
      const next = connections[requests.length] ?? new TypeError("fetch failed");
      requests.push({ url: new Request(input).url, headers: new Headers(init.headers), init });
      if (next instanceof Error) throw next;
      return typeof next === "string" ? new Response(next, { headers: HEAD }) : next;
    },
  });
  return { durableFetch, requests };
}

describe("how it resumes", () => {
  it("asks the named address after the last whole event, as the first request asked", async () => {
    const { durableFetch, requests } = scripted([
      `retry: 5\n${event(1)}: hb\nid: 2\ndata: ha`,
      new TypeError("fetch failed"),
      event(2),
      `${event(3)}: end\n`,
    ]);
    const response = await durableFetch("http://a.test/start?cursor=0", {
      method: "POST",
      body: "{}",
      credentials: "include",
      headers: { authorization: "Bearer x", "content-type": "application/json", "idempotency-key": "k" },
    });
    expect(await response.text()).toBe(`retry: 5\n${event(1)}: hb\n${event(2)}${event(3)}: end\n`);
    expect(requests.map(({ url, headers }) => [url, headers.get("last-event-id")])).toEqual([
      ["http://a.test/start?cursor=0", null],
      ["http://a.test/resume?x=1", "1"],
      ["http://a.test/resume?x=1", "1"],
      ["http://a.test/resume?x=1", "2"],
    ]);
    for (const { headers, init } of requests.slice(1)) {
      expect(headers.get("authorization")).toBe("Bearer x");
      expect([...headers.keys()]).not.toContain("content-type");
      expect([...headers.keys()]).not.toContain("idempotency-key");
      expect(init).toMatchObject({ credentials: "include" });
      expect(init.method).toBeUndefined();
      expect(init.body).toBeUndefined();
    }
  });

  it("asks the named address as it is when nothing came, or after the id that the first request sent", async () => {
    const { durableFetch, requests } = scripted(["", `${event(8)}: end\n`]);
    await (await durableFetch("http://a.test/start?cursor=7")).text();
    const { url, headers } = requests[1]!;
    expect([url, headers.get("last-event-id")]).toEqual(["http://a.test/resume?x=1", null]);
    const again = scripted(["", `${event(8)}: end\n`]);
    const sent = { headers: { "last-event-id": "7" } };
    await (await again.durableFetch("http://a.test/start", sent)).text();
    expect(again.requests[1]!.headers.get("last-event-id")).toBe("7");
  });

  it("takes a Request as it takes an address", async () => {
    const { durableFetch, requests } = scripted([event(1), `${event(2)}: end\n`]);
    const request = new Request("http://a.test/start", {
      method: "POST",
      body: "Go.",
      headers: { authorization: "Bearer x", "last-event-id": "0" },
    });
    expect(await (await durableFetch(request)).text()).toBe(`${event(1)}${event(2)}: end\n`);
    const [, second] = requests;
    expect(second!.url).toBe("http://a.test/resume?x=1");
    expect(Object.fromEntries(second!.headers)).toEqual({ authorization: "Bearer x", "last-event-id": "1" });
  });

  it("ends where the server says that nothing is left", async () => {
    const { durableFetch } = scripted([event(1), new Response(null, { status: 204 })]);
    expect(await (await durableFetch("http://a.test/")).text()).toBe(`${event(1)}: end\n`);
  });

  it("never sends credentials to another origin", async () => {
    const elsewhere = new Response(event(1), {
      headers: { ...HEAD, "x-stream-resume": "http://b.test/resume" },
    });
    const { durableFetch, requests } = scripted([elsewhere]);
    const response = await durableFetch("http://a.test/", { headers: { authorization: "x" } });
    expect(response).toBe(elsewhere);
    expect(requests).toHaveLength(1);
  });

  it("breaks as a cut stream does when it cannot go on: after its tries, or at once when refused", async () => {
    const tired = scripted([event(1)]);
    const body = await tired.durableFetch("http://a.test/");
    await expect(body.text()).rejects.toMatchObject({ code: "unreachable" });
    expect(tired.requests).toHaveLength(6);
    const gone = Response.json({ error: { code: "stream_expired", message: "Gone." } }, { status: 410 });
    const refused = scripted([event(1), gone]);
    const refusedBody = await refused.durableFetch("http://a.test/");
    await expect(refusedBody.text()).rejects.toMatchObject({ code: "stream_expired" });
    expect(refused.requests).toHaveLength(2);
  });

  it("takes silence for a cut", async () => {
    const silent = new Response(new ReadableStream({ start: (body) => body.enqueue(bytes(event(1))) }), {
      headers: HEAD,
    });
    const { durableFetch } = scripted([silent, `${event(2)}: end\n`], { limits: { ...FAST, silenceMs: 20 } });
    expect(await (await durableFetch("http://a.test/")).text()).toBe(`${event(1)}${event(2)}: end\n`);
  });

  it("leaves a wait for another try when it is aborted", async () => {
    const abort = new AbortController();
    const { durableFetch } = scripted([event(1)], {
      limits: { backOff: { firstMs: 60_000, limitMs: 60_000 } },
      random: () => 0.99,
    });
    const response = await durableFetch("http://a.test/", { signal: abort.signal });
    const text = response.text();
    setTimeout(() => abort.abort(new Error("Enough.")), 10);
    await expect(text).rejects.toThrow("Enough.");
  });
});

const bytes = (text: string) => new TextEncoder().encode(text);

it("forwards the same bytes wherever the connections break, at any byte and in any pieces", async () => {
  const whole = `retry: 9\n${[1, 2, 3, 4].map((id) => event(id, `東京\ndata: 🍣${id}`)).join(": hb\n")}: end\n`;
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = seededRandom(seed);
      const durableFetch = createDurableFetch({
        limits: { ...FAST, backOff: { firstMs: 0, limitMs: 0 } },
        fetch: async (_input, init) => {
          const after = new Headers(init?.headers).get("last-event-id");
          const from = after === null ? 0 : whole.indexOf("\n\n", whole.indexOf(`id: ${after}\n`)) + 2;
          const rest = bytes(whole.slice(from));
          const cut = random.chance(0.75) ? random.between(0, rest.length - 1) : rest.length;
          return new Response(piecesOf(rest.slice(0, cut)), { headers: HEAD });
        },
      });
      function piecesOf(all: Uint8Array): ReadableStream<Uint8Array> {
        let sent = 0;
        return new ReadableStream({
          pull(body) {
            const size = random.between(1, 9);
            if (sent < all.length) body.enqueue(all.slice(sent, (sent += size)));
            else if (random.chance(0.5)) body.close();
            else body.error(new TypeError("terminated"));
          },
        });
      }
      const text = await (await durableFetch("http://a.test/")).text();
      // Signs of life may be lost or come twice around a cut; they are not content.
      const content = (all: string) => all.replaceAll(": hb\n", "").replaceAll("retry: 9\n", "");
      expect(content(text)).toBe(content(whole));
    }),
    { numRuns: 300 },
  );
});
