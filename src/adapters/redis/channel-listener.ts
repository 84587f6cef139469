import type { RedisAddress } from "./redis-connection.ts";
import type { RedisRoutes } from "./redis-node.ts";
import { commandOf, CONNECTION_CLOSED, errorFromReply, isErrorReply, openRespSocket } from "./resp-socket.ts";
import type { RespSocket } from "./resp-socket.ts";
import { RespReader } from "./resp-reader.ts";

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Hears channels, on one connection a server. A channel that is lost, because its server is or because its slot of a
 * Cluster has moved, is heard again as soon as can be, wherever it is by then.
 */
export interface ChannelListener {
  /** Resolves when the channel is heard. Rejects when that takes too long; the channel is then forgotten. */
  subscribe(channel: string): Promise<void>;
  unsubscribe(channel: string): void;
  /** Makes servers prove that they are there: whoever only listens never notices that nobody speaks any more. */
  ping(): void;
  /** Lets all connections go, and hears all channels on others. */
  drop(): void;
  close(): void;
}

export interface ChannelListenerOptions {
  readonly routes: RedisRoutes;
  readonly name: string;
  /** Those of a Cluster are heard at the node that has their slot. */
  readonly sharded: boolean;
  /** How long a server may owe an answer, and a subscription may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Takes a message, which it may look at only while it is called. */
  readonly onMessage: (channel: string, message: Buffer) => void;
  /** Called when a channel is heard again: what was said meanwhile was missed. */
  readonly onGap: (channel: string) => void;
}

interface Channel {
  readonly name: string;
  /** Where it is heard or has been asked for. */
  listener: Listener | undefined;
  /** Whether it has been heard before. */
  known: boolean;
  heard: boolean;
  waiters: Settle[];
}

/** Ends a wait for a channel; without an error it is heard. */
type Settle = (error?: Error) => void;

/** A connection to one server. */
interface Listener {
  readonly address: RedisAddress;
  readonly socket: RespSocket;
  /** The commands that have no answer yet; each has one. */
  readonly asked: Asked[];
}

interface Asked {
  readonly kind: "subscribe" | "unsubscribe" | "ping";
  readonly channel: string;
  /** The one that a subscription is for: by the time of the answer, another may have its name. */
  readonly target: Channel | undefined;
  readonly since: number;
}

export function createChannelListener(options: ChannelListenerOptions): ChannelListener {
  const { routes, name, sharded, timeoutMs, onMessage, onGap } = options;
  const prefix = sharded ? "S" : "";
  const channels = new Map<string, Channel>();
  const listeners = new Map<string, Listener>();
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  function listenerTo(address: RedisAddress): Listener {
    const key = `${address.host}:${address.port}`;
    const known = listeners.get(key);
    if (known) return known;
    const listener: Listener = {
      address,
      socket: openRespSocket({
        node: routes.node(address),
        name,
        // Messages are replies to nothing.
        batched: false,
        onReply: (reply) => takeReply(listener, reply),
        onLoss: () => lose(listener),
      }),
      asked: [],
    };
    listeners.set(key, listener);
    return listener;
  }

  function ask(listener: Listener, kind: Asked["kind"], channel = "", target?: Channel): void {
    listener.asked.push({ kind, channel, target, since: performance.now() });
    const words = kind === "ping" ? ["PING"] : [prefix + kind.toUpperCase(), channel];
    listener.socket.write(commandOf(words));
  }

  function place(channel: Channel): void {
    const address = routes.addressOf(channel.name);
    if (!address) {
      routes.refresh();
      return retryLater();
    }
    channel.listener = listenerTo(address);
    ask(channel.listener, "subscribe", channel.name, channel);
  }

  /** Looks for a place for every channel that has none, after a while that grows with each failure. */
  function retryLater(): void {
    if (closed) return;
    retry ??= setTimeout(
      () => {
        retry = undefined;
        for (const channel of channels.values()) if (!channel.listener) place(channel);
      },
      Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures++, 10), LONGEST_PAUSE_MS),
    ).unref();
  }

  function lose(lost: Listener): void {
    const key = `${lost.address.host}:${lost.address.port}`;
    if (listeners.get(key) === lost) listeners.delete(key);
    lost.socket.destroy();
    for (const channel of channels.values()) if (channel.listener === lost) displace(channel);
    routes.refresh();
  }

  function displace(channel: Channel): void {
    channel.listener = undefined;
    channel.heard = false;
    retryLater();
  }

  function takeReply(listener: Listener, reply: Buffer): void {
    if (isErrorReply(reply)) return takeError(listener, errorFromReply(reply));
    const reader = new RespReader(reply);
    // In RESP2 a PING of somebody who has no subscription is answered by a plain line.
    if (reply[0] !== ARRAY) return void listener.asked.shift();
    reader.number();
    reader.string();
    const kind = kindFrom(reader, sharded);
    if (kind === "pong") return void listener.asked.shift();
    reader.string();
    const channel = reader.text();
    if (kind === "message") {
      reader.string();
      return onMessage(channel, reply.subarray(reader.start, reader.end));
    }
    const [oldest] = listener.asked;
    const answers = oldest?.kind === kind && oldest.channel === channel;
    if (answers) listener.asked.shift();
    const known = channels.get(channel);
    if (!known || known.listener !== listener) return;
    if (kind === "subscribe" && oldest?.target === known) confirm(known);
    // Not asked for: the slot of the channel has moved to another node.
    if (kind === "unsubscribe" && !answers) {
      routes.refresh();
      displace(known);
    }
  }

  function confirm(channel: Channel): void {
    failures = 0;
    const missed = channel.known && !channel.heard;
    channel.known = true;
    channel.heard = true;
    for (const settle of channel.waiters.splice(0)) settle();
    if (missed) onGap(channel.name);
  }

  function takeError(listener: Listener, error: Error): void {
    const oldest = listener.asked.shift();
    const channel = oldest?.target;
    if (!channel || channels.get(channel.name) !== channel || channel.listener !== listener) return;
    // What waits a moment finds its place: a slot has moved, or a server is not up yet. For the rest there are waiters.
    if (!/^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|LOADING)\b/.test(error.message)) {
      for (const settle of channel.waiters.splice(0)) settle(error);
    }
    routes.refresh();
    displace(channel);
  }

  /** Resolves when a channel is heard. */
  function untilHeard(channel: Channel): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        forget(channel);
        settle(new Error("Command timed out"));
      }, timeoutMs);
      const settle: Settle = (error) => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve();
      };
      channel.waiters.push(settle);
    });
  }

  function forget(channel: Channel): void {
    if (channels.get(channel.name) !== channel) return;
    channels.delete(channel.name);
    if (channel.listener) ask(channel.listener, "unsubscribe", channel.name);
  }

  return {
    subscribe(text) {
      const known = channels.get(text);
      if (known?.heard) return Promise.resolve();
      const channel = known ?? { name: text, listener: undefined, known: false, heard: false, waiters: [] };
      const heard = untilHeard(channel);
      if (!known) {
        channels.set(text, channel);
        place(channel);
      }
      return heard;
    },
    unsubscribe(text) {
      const channel = channels.get(text);
      if (!channel) return;
      forget(channel);
      for (const settle of channel.waiters.splice(0)) settle(new Error("Nobody listens any more."));
    },
    ping() {
      const now = performance.now();
      for (const listener of listeners.values()) {
        const [oldest] = listener.asked;
        if (oldest && now - oldest.since > timeoutMs) lose(listener);
        else ask(listener, "ping");
      }
    },
    drop() {
      for (const listener of listeners.values()) lose(listener);
    },
    close() {
      closed = true;
      clearTimeout(retry);
      for (const { socket } of listeners.values()) socket.destroy();
      listeners.clear();
      for (const channel of channels.values()) {
        for (const settle of channel.waiters.splice(0)) settle(new Error(CONNECTION_CLOSED));
      }
      channels.clear();
    },
  };
}

const ARRAY = 42;
/** Messages first: nearly all are. */
const WORDS = ["message", "subscribe", "unsubscribe"] as const;
const PLAIN = WORDS.map((word) => ({ word, bytes: Buffer.from(word) }));
const SHARDED = WORDS.map((word) => ({ word, bytes: Buffer.from(`s${word}`) }));

type Push = (typeof WORDS)[number] | "pong";

/** What a push is, by the word that was read last. */
function kindFrom(reader: RespReader, sharded: boolean): Push {
  const names = sharded ? SHARDED : PLAIN;
  for (const { word, bytes } of names) if (reader.equals(bytes, 0, bytes.length)) return word;
  return "pong";
}
