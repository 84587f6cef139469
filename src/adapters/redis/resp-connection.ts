import type { CommandEncoder, EncodedWords } from "./command-encoder.ts";
import type { RedisNode } from "./redis-node.ts";
import { CONNECTION_CLOSED, errorFromReply, isErrorReply, openRespSocket } from "./resp-socket.ts";
import type { EncodableCommand, RespSocket } from "./resp-socket.ts";

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
  /** Sends a command of which somebody is told, without a promise. */
  submit(request: Request): void;
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

/** A command on its way, with who is told what became of it: one of `take`, `refuse` and `fail` is called, once. */
export interface Request extends EncodableCommand {
  /** When it was sent, for the connection that sends it. */
  since: number;
  /** Takes a reply that is no error, which it may look at only while it is called. */
  take(reply: Buffer): void;
  /** Is told of an error that Redis answers. */
  refuse(error: Error): void;
  /** Is told that no answer will come. */
  fail(error: Error): void;
}

export interface RespConnectionOptions {
  readonly node: RedisNode;
  readonly name: string;
  /** How long the oldest command may wait for its answer, in milliseconds. */
  readonly timeoutMs: number;
  readonly onLoss?: () => void;
}

interface OpenConnection {
  readonly socket: RespSocket;
  /** Those that have been answered are in front of `next`, until they are cut off. */
  waiting: Request[];
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
    if (isErrorReply(reply)) oldest.refuse(errorFromReply(reply));
    else oldest.take(reply);
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
    for (const request of waiting) request.fail(error);
    if (told) options.onLoss?.();
  }

  function submit(request: Request): void {
    const used = (current ??= open());
    if (used.waiting.length - used.next >= MAX_COMMANDS_WAITING) {
      return request.fail(new Error("Too many commands wait for Redis."));
    }
    request.since = performance.now();
    used.waiting.push(request);
    if (used.timer) used.timer.ref();
    else watch(used, timeoutMs);
    try {
      used.socket.write(request);
    } catch (error) {
      // Half a command may be among what is to be sent: nothing that follows it would be understood.
      lose(used, error instanceof Error ? error : new Error(String(error)));
    }
  }

  return {
    send: (command) =>
      new Promise((resolve, reject) => submit(new PromisedRequest(command, resolve, reject))),
    submit,
    drop() {
      if (current) lose(current, new Error(CONNECTION_CLOSED));
    },
  };
}

/** One object a command, where closures would be three. */
class PromisedRequest<Result> implements Request {
  since = 0;
  readonly #command: Command<Result>;
  readonly #resolve: (result: Result | Promise<Result>) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    command: Command<Result>,
    resolve: (result: Result | Promise<Result>) => void,
    reject: (error: unknown) => void,
  ) {
    this.#command = command;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  encode(encoder: CommandEncoder): void {
    encoder.add(this.#command.words, this.#command.begin);
  }

  take(reply: Buffer): void {
    try {
      this.#resolve(this.#command.decode(reply));
    } catch (error) {
      this.#reject(error);
    }
  }

  refuse(error: Error): void {
    const { recover } = this.#command;
    if (recover) this.#resolve(recover(error));
    else this.#reject(error);
  }

  fail(error: Error): void {
    this.#reject(error);
  }
}
