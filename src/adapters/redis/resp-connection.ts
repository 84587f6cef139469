import type { EncodedWords } from "./command-encoder.ts";
import type { RedisNode } from "./redis-node.ts";
import { CONNECTION_CLOSED, errorFromReply, isErrorReply, openRespSocket } from "./resp-socket.ts";
import type { RespSocket } from "./resp-socket.ts";

/** How many commands may wait for their answers on one connection; past it they are refused at once. */
export const MAX_COMMANDS_WAITING = 100_000;

/**
 * A connection to one server, on which commands are answered in their order. It is made when it is needed, and again
 * after it was lost; it never sends anything twice by itself.
 */
export interface RespConnection {
  /**
   * Sends a command and gives what `decode` makes of the reply. Rejects with what Redis answers as an error, with the
   * loss of the connection, and when the time of a command is over.
   */
  send<Result>(command: Command<Result>): Promise<Result>;
  /** Lets the connection go; the next command makes another. What waits is rejected. */
  drop(): void;
}

export interface Command<Result> {
  readonly words: readonly string[];
  /** What it begins with, before `words`. */
  readonly begin?: EncodedWords | undefined;
  /** Looks at the reply only while it is called. */
  readonly decode: (reply: Buffer) => Result;
  /** What is to be done about an error that Redis answers: here, since a promise for it costs every command. */
  readonly recover?: ((error: Error) => Promise<Result>) | undefined;
}

export interface RespConnectionOptions {
  readonly node: RedisNode;
  readonly name: string;
  /** How long the oldest command may wait for its answer, in milliseconds. */
  readonly timeoutMs: number;
  readonly onLoss?: () => void;
}

interface Waiting {
  readonly since: number;
  readonly take: (reply: Buffer) => void;
  readonly fail: (error: Error) => void;
}

interface OpenConnection {
  readonly socket: RespSocket;
  /** Those that have been answered are in front of `next`, until they are cut off. */
  waiting: Waiting[];
  next: number;
  /** One for all commands, since they are answered in order: it looks at the oldest. */
  timer: NodeJS.Timeout | undefined;
}

/** How many answered commands are kept in front of the queue before they are cut off, at most. */
const ANSWERED_KEPT = 1024;

export function createRespConnection(options: RespConnectionOptions): RespConnection {
  const { node, name, timeoutMs } = options;
  let current: OpenConnection | undefined;

  function open(): OpenConnection {
    const opened: OpenConnection = {
      socket: openRespSocket({
        node,
        name,
        batched: true,
        onReply: (reply) => takeReply(opened, reply),
        onLoss: (error) => lose(opened, error),
      }),
      waiting: [],
      next: 0,
      timer: undefined,
    };
    return opened;
  }

  function takeReply(from: OpenConnection, reply: Buffer): void {
    const oldest = from.waiting[from.next];
    if (!oldest) return lose(from, new Error("Redis answered what was not asked."));
    from.next += 1;
    if (from.next === from.waiting.length) {
      from.waiting = [];
      from.next = 0;
      // Nobody waits: the timer may end by itself, and keeps no process alive.
      from.timer?.unref();
    } else if (from.next === ANSWERED_KEPT) {
      from.waiting = from.waiting.slice(from.next);
      from.next = 0;
    }
    oldest.take(reply);
  }

  /** A timer a command would cost more than the command. */
  function watch(watched: OpenConnection, afterMs: number): void {
    watched.timer = setTimeout(() => {
      watched.timer = undefined;
      const oldest = watched.waiting[watched.next];
      if (!oldest) return;
      const left = oldest.since + timeoutMs - performance.now();
      if (left > 0) watch(watched, Math.ceil(left));
      else lose(watched, new Error("Command timed out"));
    }, afterMs);
  }

  function lose(lost: OpenConnection, error: Error): void {
    const told = current === lost;
    if (told) current = undefined;
    clearTimeout(lost.timer);
    lost.socket.destroy();
    const waiting = lost.waiting.slice(lost.next);
    lost.waiting = [];
    lost.next = 0;
    for (const { fail } of waiting) fail(error);
    if (told) options.onLoss?.();
  }

  return {
    send({ words, begin, decode, recover }) {
      const used = (current ??= open());
      return new Promise((resolve, reject) => {
        if (used.waiting.length - used.next >= MAX_COMMANDS_WAITING) {
          return reject(new Error("Too many commands wait for Redis."));
        }
        const take = (reply: Buffer): void => {
          if (isErrorReply(reply)) {
            const error = errorFromReply(reply);
            return recover ? resolve(recover(error)) : reject(error);
          }
          try {
            resolve(decode(reply));
          } catch (error) {
            reject(error);
          }
        };
        used.waiting.push({ since: performance.now(), take, fail: reject });
        if (used.timer) used.timer.ref();
        else watch(used, timeoutMs);
        used.socket.write(words, begin);
      });
    },
    drop() {
      if (current) lose(current, new Error(CONNECTION_CLOSED));
    },
  };
}
