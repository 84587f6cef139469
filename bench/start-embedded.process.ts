// What an embedded app loads and does before it can accept a request: nothing of the bench but the order.
const entry = process.argv[3] ?? "../src/index.ts";
const { createHoldfast, createSqliteStore, defineAgent, serveNode } = (await import(
  entry
)) as typeof import("../src/index.ts");

const store = await createSqliteStore({ directory: `${process.argv[2]}/holdfast` });
const holdfast = createHoldfast({
  store,
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
await holdfast.start();
const { port } = await serveNode(holdfast.fetch, { hostname: "127.0.0.1", port: 0 });
process.send?.({ port });
process.once("disconnect", () => process.exit());
