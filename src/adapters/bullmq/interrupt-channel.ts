import { disconnectRedis } from "./redis-client.ts";
import type { BullmqClient } from "./redis-client.ts";

export interface InterruptListener {
  /** Resolves when interrupts are being heard. */
  listen(): Promise<void>;
  close(options: { readonly force: boolean }): Promise<void>;
}

export interface InterruptListenerOptions {
  /** A connection of its own: one that subscribes can do nothing else. */
  readonly client: BullmqClient;
  readonly channel: string;
  readonly onInterrupt: (id: string) => void;
  /** Called when the connection is back after it was lost: any interrupt may have been missed. */
  readonly onGap: () => void;
  readonly onError: (error: unknown) => void;
}

/** Hears of the interrupts of all processes, by publish and subscribe: at most once, and not while disconnected. */
export function createInterruptListener(options: InterruptListenerOptions): InterruptListener {
  const { client, channel, onInterrupt, onGap, onError } = options;
  let listening = false;
  client.on("message", (_channel, id) => onInterrupt(id));
  client.on("ready", () => {
    // Subscribed again before the gap is told of, so that nothing falls between the two.
    if (listening) client.subscribe(channel).then(onGap, onError);
  });
  return {
    async listen() {
      await client.subscribe(channel);
      listening = true;
    },
    async close({ force }) {
      if (force) client.disconnect();
      else await disconnectRedis(client);
    },
  };
}
