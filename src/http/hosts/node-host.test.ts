import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished, vi } from "vitest";
import { MAX_STALL_MS } from "../stream-response.ts";
import { createNodeListener } from "./node-host.ts";

it("keeps nothing of a request whose client goes before it is answered", async () => {
  const answered = Promise.withResolvers<void>();
  const listener = createNodeListener(async ({ signal }) => {
    await once(signal, "abort");
    setImmediate(answered.resolve);
    return Response.json("too late");
  });
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const timers = vi.spyOn(globalThis, "setTimeout");
  onTestFinished(() => timers.mockRestore());
  const arrived = once(server, "request");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await arrived;
  client.resetAndDestroy();
  await answered.promise;
  await new Promise(setImmediate);
  expect(timers.mock.calls.filter(([, delayMs]) => delayMs === MAX_STALL_MS)).toEqual([]);
});
