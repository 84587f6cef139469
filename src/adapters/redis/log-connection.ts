import { connect } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { RedisConnection } from "./redis-connection.ts";
import { createRespScanner } from "./resp-scanner.ts";

/**
 * A connection of our own on which logs are read, past ioredis, which makes a string of every field of every entry. It
 * is made when it is needed, and again after it was lost; it never tries again by itself.
 */
export interface LogConnection {
  /**
   * Sends a command and gives what `decode` makes of the reply, which it may look at only while it is called. Commands
   * are answered in their order. Rejects with what Redis answers as an error, with the loss of the connection, and when
   * the time of a command is over.
   */
  send<Result>(words: readonly string[], decode: (reply: Buffer) => Result): Promise<Result>;
  /** Lets the connection go; the next command makes another. What waits is rejected. */
  drop(): void;
}

export interface LogConnectionOptions {
  readonly connection: RedisConnection;
  readonly timeoutMs: number;
}

interface Waiting {
  readonly take: (reply: Buffer) => void;
  readonly fail: (error: Error) => void;
}

interface OpenConnection {
  readonly socket: Socket;
  readonly waiting: Waiting[];
  /** What is sent at the end of this turn. */
  outgoing: string;
}

const MINUS = 45;

export function createLogConnection({ connection, timeoutMs }: LogConnectionOptions): LogConnection {
  let current: OpenConnection | undefined;

  function open(): OpenConnection {
    const socket = connectTo(connection);
    const opened: OpenConnection = { socket, waiting: [], outgoing: "" };
    const scanner = createRespScanner();
    socket.setNoDelay(true);
    // It keeps no process alive: whoever waits for an answer has a timer.
    socket.unref();
    socket.on("data", (bytes) => {
      for (const reply of scanner.push(bytes)) opened.waiting.shift()?.take(reply);
    });
    socket.on("error", (error) => lose(opened, error));
    socket.on("close", () => lose(opened, new Error("Connection is closed.")));
    for (const { words, mayFail } of greeting(connection)) {
      const take = (reply: Buffer): void => {
        if (isError(reply) && !mayFail) lose(opened, errorFrom(reply));
      };
      write(opened, words, { take, fail: ignoreLoss });
    }
    return opened;
  }

  function write(to: OpenConnection, words: readonly string[], waiting: Waiting): void {
    if (to.outgoing === "") queueMicrotask(() => flush(to));
    to.outgoing += encode(words);
    to.waiting.push(waiting);
  }

  function lose(lost: OpenConnection, error: Error): void {
    if (current === lost) current = undefined;
    lost.socket.destroy();
    for (const { fail } of lost.waiting.splice(0)) fail(error);
  }

  return {
    send(words, decode) {
      const used = (current ??= open());
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => lose(used, new Error("Command timed out")), timeoutMs);
        const fail = (error: Error): void => {
          clearTimeout(timer);
          reject(error);
        };
        const take = (reply: Buffer): void => {
          clearTimeout(timer);
          if (isError(reply)) return reject(errorFrom(reply));
          try {
            resolve(decode(reply));
          } catch (error) {
            reject(error);
          }
        };
        write(used, words, { take, fail });
      });
    },
    drop() {
      if (current) lose(current, new Error("Connection is closed."));
    },
  };
}

/** Deliberately nothing: whoever waits behind the greeting is told. */
function ignoreLoss(): void {}

function flush(to: OpenConnection): void {
  const { outgoing } = to;
  to.outgoing = "";
  if (!to.socket.destroyed) to.socket.write(outgoing);
}

function connectTo({ host, port, tls }: RedisConnection): Socket {
  return tls ? connectTls({ host, port }) : connect({ host, port });
}

interface Greeting {
  readonly words: readonly string[];
  readonly mayFail: boolean;
}

function greeting({ username, password, db }: RedisConnection): readonly Greeting[] {
  const user = username === undefined ? [] : [username];
  const login = { words: ["AUTH", ...user, password ?? ""], mayFail: false };
  return [
    ...(username === undefined && password === undefined ? [] : [login]),
    // For people who look at CLIENT LIST; not every user may do it.
    { words: ["CLIENT", "SETNAME", "holdfast-log"], mayFail: true },
    ...(db === 0 ? [] : [{ words: ["SELECT", String(db)], mayFail: false }]),
  ];
}

function encode(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}

function isError(reply: Buffer): boolean {
  return reply[0] === MINUS;
}

/** Named as ioredis does, so that `redisError` knows it. */
function errorFrom(reply: Buffer): Error {
  const error = new Error(reply.toString("utf8", 1, reply.length - "\r\n".length));
  error.name = "ReplyError";
  return error;
}
