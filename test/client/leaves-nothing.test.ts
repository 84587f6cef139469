import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { createHoldfastClient } from "../../src/client/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { openServer } from "../support/holdfast-server.ts";
import { createPuppet } from "../support/test-agents.ts";

// A process ends by itself only when no socket, timer or listener of the client keeps it.

const CLIENT = new URL("../../src/client/index.ts", import.meta.url).href;

async function ends(baseUrl: string, program: string): Promise<string> {
  const code = `
    import { createHoldfastClient, createDurableFetch } from ${JSON.stringify(CLIENT)};
    const baseUrl = ${JSON.stringify(baseUrl)};
    const client = createHoldfastClient({ baseUrl });
    ${program}`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=holdfast-source", "--input-type=module", "-e", code],
    { timeout: 10_000 },
  );
  return stdout.trim();
}

async function liveRun() {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  const client = createHoldfastClient({ baseUrl: server.url });
  const { conversationId } = await client.start({ agent: "Puppet", message: "Go." });
  puppet.say("something");
  const proxy = await openCuttingProxy(server.port);
  return { baseUrl: `http://127.0.0.1:${proxy.port}`, id: JSON.stringify(conversationId) };
}

it.each([
  ["an abort while it reads", `abort.abort();`],
  ["an abort a while later", `setTimeout(() => abort.abort(), 20);`],
  ["a reader that goes away", `break;`],
])("nothing is left open after %s", async (_name, act) => {
  const { baseUrl, id } = await liveRun();
  const printed = await ends(
    baseUrl,
    `const abort = new AbortController();
     const following = client.follow(${id}, { signal: abort.signal });
     for await (const { text } of following) if (text === "something") { ${act} }
     console.log(following.connection.kind, following.text);`,
  );
  expect(printed).toBe("aborted something");
});

it("nothing is left open after an abort while it waits to retry", async () => {
  const printed = await ends(
    "http://127.0.0.1:9",
    `const abort = new AbortController();
     const following = client.follow("c", {
       signal: abort.signal,
       limits: { backOff: { firstMs: 1e6, limitMs: 1e6 } },
       onConnection: ({ kind }) => kind === "waiting-to-retry" && setTimeout(() => abort.abort(), 10),
     });
     console.log((await following.finished()).kind);`,
  );
  expect(printed).toBe("aborted");
});

it("nothing is left open after a durable fetch was aborted or cancelled", async () => {
  const { baseUrl, id } = await liveRun();
  const printed = await ends(
    baseUrl,
    `const abort = new AbortController();
     const url = baseUrl + "/api/agent/stream/" + ${id};
     const aborted = await createDurableFetch()(url, { signal: abort.signal });
     const reader = aborted.body.getReader();
     await reader.read();
     abort.abort(new Error("Enough."));
     console.log(await reader.read().catch((error) => error.message));
     const cancelled = await createDurableFetch()(url);
     await cancelled.body.cancel();`,
  );
  expect(printed).toBe("Enough.");
});

it("the server's streams are closed when their followers go", async () => {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  const client = createHoldfastClient({ baseUrl: server.url });
  const { conversationId } = await client.start({ agent: "Puppet", message: "Go." });
  const abort = new AbortController();
  const all = Array.from({ length: 5 }, () =>
    client.follow(conversationId, {
      signal: abort.signal,
      onConnection: ({ kind }) => void kinds.push(kind),
    }),
  );
  const kinds: string[] = [];
  const done = Promise.all(all.map((each) => each.finished()));
  await eventually("all are live", () => kinds.filter((kind) => kind === "live").length === 5);
  abort.abort();
  await done;
  // A stop waits for what is open: with nothing open it is quick.
  const began = performance.now();
  await server.stop();
  expect(performance.now() - began).toBeLessThan(3_000);
});
