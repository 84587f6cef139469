import { describe, expect, it } from "vitest";
import { createDurableFetch, createHoldfastClient } from "../../src/client/index.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { quietPort } from "../support/serve-process.ts";
import { dataDirectory, startExample } from "./example-process.ts";

/** A stretch of the answer, in characters, long before its end. */
const MIDDLE = 150;

const LIMITS = { backOff: { firstMs: 5, limitMs: 20 }, maxFailures: 2_000 };
const MESSAGE = "Plan a 1-day trip to Rome";

describe.each(["express", "hono"])("Holdfast in an app of %s", (name) => {
  const file = `examples/${name}/server.ts`;

  it("answers under its path, over a cut in the middle", async () => {
    const server = await startExample({ file, directory: dataDirectory() });
    const proxy = await openCuttingProxy(server.port);
    const client = createHoldfastClient({ baseUrl: `http://127.0.0.1:${proxy.port}/assistant` });
    const { conversationId, run } = await client.start({ agent: "Assistant", message: MESSAGE });
    let cuts = 0;
    let text = "";
    for await (const update of client.follow(conversationId, { run, limits: LIMITS })) {
      ({ text } = update);
      if (text.length < MIDDLE * (cuts + 1) || cuts === 2) continue;
      proxy.resetAll();
      cuts += 1;
    }
    const history = await client.history(conversationId);
    expect(cuts).toBe(2);
    expect(text).toBe(history.runs[0]!.response);
    expect(text).toContain("Rome");
    // What is not Holdfast's stays the app's.
    expect(await (await fetch(server.url)).text()).toContain("/assistant/api/health");
    expect((await fetch(`${server.url}/assistants/api/health`)).status).toBe(404);
  });

  it("names addresses that are under its path, so that a fetch of one's own can go on", async () => {
    const server = await startExample({ file, directory: dataDirectory() });
    const proxy = await openCuttingProxy(server.port);
    const url = `http://127.0.0.1:${proxy.port}/assistant/api/agent/create`;
    const response = await createDurableFetch()(url, {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: MESSAGE,
    });
    expect(response.headers.get("location")).toMatch(/^\/assistant\/api\/agent\/stream\//);
    let received = "";
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      if (received.length < 500 && received.length + piece.length >= 500) proxy.resetAll();
      received += piece;
    }
    expect(received).toMatch(/event: done\ndata: \[DONE\]\n\n: end\n$/);
    const ids = [...received.matchAll(/^id: (.*)$/gm)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("stops in good order in the middle of an answer, which the next process goes on with", async () => {
    const place = { file, directory: dataDirectory(), port: await quietPort() };
    const first = await startExample(place);
    const client = createHoldfastClient({ baseUrl: `${first.url}/assistant` });
    const { conversationId, run } = await client.start({ agent: "Assistant", message: MESSAGE });
    const following = client.follow(conversationId, { run, limits: LIMITS });
    let restarted: Promise<unknown> | undefined;
    for await (const { text } of following) {
      if (text.length < MIDDLE) continue;
      restarted ??= first.terminate().then((code) => {
        expect(code).toBe(0);
        return startExample(place);
      });
    }
    await restarted;
    expect(following.connection.kind).toBe("ended");
    const history = await client.history(conversationId);
    expect(history.runs).toMatchObject([{ status: "completed", response: following.text }]);
  });
});
