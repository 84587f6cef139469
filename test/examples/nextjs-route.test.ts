import { serve } from "@hono/node-server";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished, vi } from "vitest";
import { createHoldfastClient } from "../../src/client/index.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { dataDirectory } from "./example-process.ts";

type RouteHandler = (request: Request) => Promise<Response>;

/** Calls the export of a route file that is named for the request's method, as Next.js does. */
async function serveRoute(route: Readonly<Record<string, unknown>>): Promise<number> {
  const server = serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => (route[request.method] as RouteHandler)(request),
  });
  onTestFinished(async () => {
    if ("closeAllConnections" in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  await vi.waitUntil(() => server.listening);
  return (server.address() as AddressInfo).port;
}

it("is a route file that answers the whole API, and whose streams go on after a cut", async () => {
  vi.stubEnv("HOLDFAST_DATA_DIR", dataDirectory());
  vi.stubEnv("DEMO_PACE", "200");
  const route = (await import("../../examples/nextjs-route/app/api/[...holdfast]/route.ts")) as Record<
    string,
    unknown
  >;
  expect(Object.keys(route).toSorted()).toEqual([
    "DELETE",
    "GET",
    "HEAD",
    "OPTIONS",
    "POST",
    "dynamic",
    "runtime",
  ]);
  const { getHoldfast } = await import("../../examples/nextjs-route/holdfast.ts");
  const holdfast = await getHoldfast();
  expect(await getHoldfast()).toBe(holdfast);
  onTestFinished(() => holdfast.stop({ graceMs: 0 }));

  const proxy = await openCuttingProxy(await serveRoute(route));
  const client = createHoldfastClient({ baseUrl: `http://127.0.0.1:${proxy.port}` });
  const { conversationId, run } = await client.start({
    agent: "Assistant",
    message: "Plan a 1-day trip to Rome",
  });
  const limits = { backOff: { firstMs: 5, limitMs: 20 } };
  const following = client.follow(conversationId, { run, limits });
  let cut = false;
  for await (const { text } of following) {
    if (cut || text.length < 150) continue;
    proxy.resetAll();
    cut = true;
  }
  expect(cut).toBe(true);
  expect((await client.history(conversationId)).runs).toMatchObject([
    { status: "completed", response: following.text },
  ]);
  await client.delete(conversationId);
  await expect(client.history(conversationId)).rejects.toMatchObject({ code: "conversation_not_found" });
});
