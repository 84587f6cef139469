import { expect, it } from "vitest";
import { eventually } from "../../src/testing/index.ts";
import { startRun, storedText } from "../support/api.ts";
import { openServer, storePlace } from "../support/holdfast-server.ts";
import { openStream, readStream, renderedText } from "../support/stream-reader.ts";
import { createPuppet } from "../support/test-agents.ts";

const CHUNKS = ["one ", "two ", "three ", "four"];

it("a run on one node is read live on another of the same Redis, and resumed on either", async () => {
  const open = await storePlace("redis");
  const puppet = createPuppet();
  const agents = [puppet.definition];
  const worker = await openServer({ store: await open(), agents });
  const other = await openServer({ store: await open(), agents, runsAgents: false });
  const run = await startRun(worker, "Puppet");
  for (const [index, chunk] of CHUNKS.entries()) {
    const node = index % 2 === 0 ? other : worker;
    const stream = await openStream(node.port, run.streamPath);
    puppet.say(chunk);
    await eventually("the chunk", () => stream.events.length === index + 1);
    stream.cut();
    const { cursor } = stream.events.at(-1)!;
    const resumed = await openStream(other.port, `${run.streamPath}?cursor=${cursor}`);
    expect(resumed.status).toBe(200);
    resumed.cut();
  }
  const last = readStream(other.port, run.streamPath);
  puppet.end();
  expect(renderedText((await last).events)).toBe(CHUNKS.join(""));
  expect(await storedText(other, run)).toBe(CHUNKS.join(""));
});
