import { describe, expect, it } from "vitest";
import { endOf, startRun } from "../support/api.ts";
import { openServer, STORE_KINDS } from "../support/holdfast-server.ts";
import { rawAnswer } from "../support/raw-client.ts";
import { createPuppet, scriptAgent } from "../support/test-agents.ts";

describe.each(STORE_KINDS)("a finished stream on the %s store", (store) => {
  it("may be kept by caches when it is of one run, and is not sent again to who has it", async () => {
    const server = await openServer({ store, agents: [scriptAgent(["one ", "two"])] });
    const run = await startRun(server, "Script", "Hello");
    await endOf(server, run);
    const path = `${run.streamPath}?run=1`;
    const full = await rawAnswer(server.port, { path });
    expect(full.headers["cache-control"]).toBe("public, max-age=600, immutable, no-transform");
    expect(full.headers["vary"]).toBe("accept, last-event-id");
    const etag = full.headers["etag"]!;
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await rawAnswer(server.port, { path, headers: { "if-none-match": known } });
      expect(again).toMatchObject({ status: 304, text: "" });
      expect(again.headers["etag"]).toBe(etag);
    }
    const repeat = await rawAnswer(server.port, { path, headers: { "if-none-match": '"other"' } });
    expect(repeat).toMatchObject({ status: 200, text: full.text });
  });

  it("has another version in each format, from each cursor, and after the next run", async () => {
    const server = await openServer({ store, agents: [scriptAgent(["one ", "two"])] });
    const run = await startRun(server, "Script", "Hello");
    await endOf(server, run);
    const etagOf = async (query: string, accept = "text/event-stream"): Promise<string | undefined> =>
      (await rawAnswer(server.port, { path: run.streamPath + query, headers: { accept } })).headers["etag"];
    const whole = await etagOf("");
    const tags = [
      whole,
      await etagOf("", "text/plain"),
      await etagOf("", "application/x-ndjson"),
      await etagOf("?events=all"),
      await etagOf("?cursor=1-3"),
    ];
    expect(new Set(tags).size).toBe(tags.length);
    const next = await startRun(server, "Script", { message: "Again", thread_id: run.conversation });
    await endOf(server, next);
    expect(await etagOf("")).not.toBe(whole);
    const revalidated = await rawAnswer(server.port, {
      path: run.streamPath,
      headers: { "if-none-match": whole! },
    });
    expect(revalidated.status).toBe(200);
    expect(revalidated.headers["cache-control"]).toBe("no-cache, no-transform");
  });
});

it("a live stream is nobody's to keep", async () => {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  const run = await startRun(server, "Puppet");
  const abort = new AbortController();
  const response = await fetch(`${server.url}${run.streamPath}?run=1`, { signal: abort.signal });
  expect(response.headers.get("etag")).toBeNull();
  expect(response.headers.get("cache-control")).toBe("no-cache, no-transform");
  abort.abort();
});
