// Says what an embedded server has loaded by the time that it has answered its first request, and what soon after.
import { registerHooks } from "node:module";

const loaded: string[] = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});

const { createHoldfast, createSqliteStore, defineAgent } = await import("../../src/index.ts");
const holdfast = createHoldfast({
  store: await createSqliteStore({ directory: process.argv[2] ?? "" }),
  agents: [
    defineAgent({
      name: "Puppet",
      instructions: "Says one word.",
      async *model() {
        yield "one";
      },
    }),
  ],
});
const request = new Request("http://localhost/api/agent/create", { method: "POST", body: "Go." });
const response = await holdfast.fetch(request);
await response.text();
const first = [...loaded];
const { LOAD_LATER_MS } = await import("../../src/load-later.ts");
await new Promise((resolve) => setTimeout(resolve, LOAD_LATER_MS));
for (let quiet = 0, before = -1; quiet < 3; quiet = before === loaded.length ? quiet + 1 : 0) {
  before = loaded.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
}
console.log(JSON.stringify({ first, later: loaded.slice(first.length) }));
await holdfast.stop({ graceMs: 0 });
