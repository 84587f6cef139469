import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A TCP proxy that can reset every connection through it, as a load balancer does when it is deployed. */
export interface CuttingProxy {
  readonly port: number;
  /** How many connections were made through it. */
  readonly connections: number;
  resetAll(): void;
}

export async function openCuttingProxy(target: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const proxy = createServer((client) => {
    connections += 1;
    const upstream = connect(target, "127.0.0.1");
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on("error", () => other.destroy()); // The cut itself; the client under test is told by its own socket.
      socket.on("close", () => sockets.delete(socket));
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  function resetAll(): void {
    for (const socket of sockets) socket.resetAndDestroy();
  }
  onTestFinished(async () => {
    resetAll();
    await new Promise((resolve) => proxy.close(resolve));
  });
  return {
    port: (proxy.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    resetAll,
  };
}
