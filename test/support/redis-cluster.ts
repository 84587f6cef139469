import { Redis } from "ioredis";
import { eventually } from "../../src/testing/index.ts";
import { freePort, startRedisServer } from "./redis-server.ts";
import type { RedisServer } from "./redis-server.ts";

/** A Redis Cluster of our own on the loopback address, its slots in three equal parts. */
export interface RedisCluster {
  /** The primaries, in the order of their slots. */
  readonly primaries: readonly RedisServer[];
  /** Replicas, each of the primary at its place; none unless they were asked for. */
  readonly replicas: readonly RedisServer[];
  /** Any node will do: it tells of the others. */
  readonly url: string;
  /** A plain client of one node. */
  client(node: RedisServer): Redis;
  /** The primary that has a slot when the cluster starts. */
  ownerOf(slot: number): RedisServer;
  /** Takes a slot from one primary to another with all that is in it, as `redis-cli --cluster reshard` does. */
  moveSlot(slot: number, to: RedisServer): Promise<void>;
  stop(): Promise<void>;
}

export interface RedisClusterOptions {
  /** Gives every primary a replica. Default false. */
  readonly replicas?: boolean;
}

const SLOTS = 16_384;
const PRIMARIES = 3;
/** How long a node may be silent before the others say that it failed, in milliseconds. */
const NODE_TIMEOUT_MS = 1_000;
const START_LIMIT_MS = 20_000;
const KEYS_A_MOVE = 100;

export async function startRedisCluster({
  replicas = false,
}: RedisClusterOptions = {}): Promise<RedisCluster> {
  const args = ["--cluster-enabled", "yes", "--cluster-node-timeout", String(NODE_TIMEOUT_MS)];
  const more = ["--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0"];
  const count = replicas ? 2 * PRIMARIES : PRIMARIES;
  const buses = new Map<RedisServer, number>();
  const nodes = await Promise.all(
    Array.from({ length: count }, async () => {
      // Of its own: port + 10000, which is the default, is no port for many a free one.
      const bus = await freePort();
      const node = await startRedisServer({ args: [...args, ...more, "--cluster-port", String(bus)] });
      buses.set(node, bus);
      return node;
    }),
  );
  const clients = new Map(nodes.map((node) => [node, new Redis(node.port, "127.0.0.1")]));
  for (const client of clients.values()) client.on("error", () => {}); // Tests stop and kill nodes.

  function client(node: RedisServer): Redis {
    const found = clients.get(node);
    if (!found) throw new TypeError("That server is no node of this cluster.");
    return found;
  }

  const cluster: RedisCluster = {
    primaries: nodes.slice(0, PRIMARIES),
    replicas: nodes.slice(PRIMARIES),
    url: nodes[0]?.url ?? "",
    client,
    ownerOf(slot) {
      const owner = nodes[Math.min(PRIMARIES - 1, Math.floor(slot / partSize()))];
      if (!owner) throw new TypeError("There is no such slot.");
      return owner;
    },
    moveSlot: (slot, to) => moveSlot(cluster, slot, to),
    async stop() {
      for (const each of clients.values()) each.disconnect();
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
  try {
    await join(cluster, nodes, buses);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** Makes one cluster of servers that know nothing of each other. */
async function join(
  { primaries, replicas, client }: RedisCluster,
  nodes: readonly RedisServer[],
  buses: ReadonlyMap<RedisServer, number>,
): Promise<void> {
  for (const [index, node] of nodes.entries()) await client(node).cluster("SET-CONFIG-EPOCH", index + 1);
  // Each to each: to wait for their gossip takes seconds.
  for (const [index, node] of nodes.entries()) {
    for (const other of nodes.slice(0, index)) {
      await client(node).cluster("MEET", "127.0.0.1", other.port, buses.get(other) ?? 0);
    }
  }
  for (const [index, node] of primaries.entries()) {
    const end = index === PRIMARIES - 1 ? SLOTS : (index + 1) * partSize();
    await client(node).cluster("ADDSLOTSRANGE", index * partSize(), end - 1);
  }
  const size = nodes.length;
  await eventually(
    "all nodes know all",
    () => everywhere(nodes, client, [`cluster_known_nodes:${size}`]),
    START_LIMIT_MS,
  );
  for (const [index, replica] of replicas.entries()) {
    const primary = primaries[index];
    if (primary) await client(replica).cluster("REPLICATE", await client(primary).cluster("MYID"));
  }
  await eventually(
    "the cluster is up",
    async () =>
      (await everywhere(nodes, client, ["cluster_state:ok", `cluster_slots_assigned:${SLOTS}`])) &&
      (await inStep(replicas, client)),
    START_LIMIT_MS,
  );
}

function partSize(): number {
  return Math.floor(SLOTS / PRIMARIES);
}

async function everywhere(
  nodes: readonly RedisServer[],
  client: (node: RedisServer) => Redis,
  lines: readonly string[],
): Promise<boolean> {
  const infos = await Promise.all(nodes.map((node) => client(node).cluster("INFO")));
  return infos.every((info) => lines.every((line) => info.includes(line)));
}

async function inStep(
  replicas: readonly RedisServer[],
  client: (node: RedisServer) => Redis,
): Promise<boolean> {
  const infos = await Promise.all(replicas.map((node) => client(node).info("replication")));
  return infos.every((info) => info.includes("master_link_status:up"));
}

async function moveSlot({ primaries, client }: RedisCluster, slot: number, to: RedisServer): Promise<void> {
  const owners = await Promise.all(
    primaries.map(async (node) => {
      const id = await client(node).cluster("MYID");
      const count = await client(node).cluster("COUNTKEYSINSLOT", slot);
      return { node, id, count };
    }),
  );
  const target = owners.find(({ node }) => node === to);
  const source = owners.find(({ node, count }) => node !== to && count > 0);
  if (!target || !source) throw new TypeError("There is nothing to move, or nowhere to move it.");
  await client(target.node).cluster("SETSLOT", slot, "IMPORTING", source.id);
  await client(source.node).cluster("SETSLOT", slot, "MIGRATING", target.id);
  for (;;) {
    const keys = (await client(source.node).cluster("GETKEYSINSLOT", slot, KEYS_A_MOVE)) as readonly string[];
    if (keys.length === 0) break;
    // One at a time, so that for a while some are here and some are there.
    for (const key of keys) await client(source.node).migrate("127.0.0.1", to.port, key, 0, START_LIMIT_MS);
  }
  for (const { node } of [target, source, ...owners])
    await client(node).cluster("SETSLOT", slot, "NODE", target.id);
}
