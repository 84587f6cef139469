import { connect } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { CommandEncoder } from "./command-encoder.ts";
import type { RedisNode } from "./redis-node.ts";
import { createRespScanner } from "./resp-scanner.ts";

/**
 * A socket to one server, in RESP2, past ioredis, which makes a string of every field of every entry and a promise of
 * every step of a command. It enters by itself, and never connects again: whoever needs another opens another.
 */
export interface RespSocket {
  /** Sends a command, together with all that are sent in this turn of the event loop, or while answers are awaited. */
  write(command: EncodableCommand): void;
  /** Lets the socket go. Nothing is told any more. */
  destroy(): void;
}

/** A command that knows how to become bytes. */
export interface EncodableCommand {
  /** Adds itself, and nothing else. */
  encode(encoder: CommandEncoder): void;
}

/** A command in words. */
export function commandOf(words: readonly string[]): EncodableCommand {
  return { encode: (encoder) => encoder.add(words) };
}

export interface RespSocketOptions {
  readonly node: RedisNode;
  /** For people who look at CLIENT LIST. */
  readonly name: string;
  /**
   * Whether every command has one reply, and what is written while replies are awaited waits for them, up to
   * `BATCH_BYTES`: a system call on both sides for many commands, and none is later than the one before it.
   */
  readonly batched: boolean;
  /** Takes a reply, which it may look at only while it is called. */
  readonly onReply: (reply: Buffer) => void;
  /** Called once, when the socket is lost or the server does not let us in. */
  readonly onLoss: (error: Error) => void;
}

/** How many bytes of commands go out although replies are awaited: as many as Redis reads at a time. */
export const BATCH_BYTES: number = 16 * 1024;

const MINUS = 45;

export function openRespSocket({ node, name, batched, onReply, onLoss }: RespSocketOptions): RespSocket {
  const socket = connectTo(node);
  const scanner = createRespScanner();
  const greeting = greetingOf(node, name);
  let greeted = 0;
  const encoder = new CommandEncoder();
  let flushing = false;
  /** How many commands were sent and have no reply yet, and how many were not sent. */
  let awaited = 0;
  let held = 0;
  let gone = false;

  function lose(error: Error): void {
    if (gone) return;
    destroy();
    onLoss(error);
  }

  function destroy(): void {
    gone = true;
    socket.destroy();
  }

  function flush(): void {
    flushing = false;
    awaited += held;
    held = 0;
    if (gone) return;
    socket.write(encoder.take());
    // Nothing is buffered: the system, or TLS, has its own copy.
    if (socket.writableLength === 0) encoder.reuse();
  }

  /** After what is ready in this turn of the event loop: it may have more to send. */
  function flushSoon(): void {
    if (!flushing) setImmediate(flush);
    flushing = true;
  }

  function write(command: EncodableCommand): void {
    command.encode(encoder);
    held += 1;
    if (!batched || awaited === 0 || encoder.size >= BATCH_BYTES) flushSoon();
  }

  function countReply(): void {
    awaited -= 1;
    if (awaited === 0 && held > 0) flushSoon();
  }

  socket.setNoDelay(true);
  // It keeps no process alive: whoever waits for an answer has a timer.
  socket.unref();
  socket.on("data", (bytes) => {
    for (const reply of scanner.push(bytes)) {
      if (gone) return;
      countReply();
      const greet = greeting[greeted];
      if (!greet) {
        onReply(reply);
        continue;
      }
      greeted += 1;
      if (isErrorReply(reply) && !greet.mayFail) lose(errorFromReply(reply));
    }
  });
  socket.on("error", lose);
  socket.on("close", () => lose(new Error(CONNECTION_CLOSED)));
  for (const { words } of greeting) write(commandOf(words));
  return { write, destroy };
}

/** What ioredis says of a command whose connection is gone. */
export const CONNECTION_CLOSED = "Connection is closed.";

export function isErrorReply(reply: Buffer): boolean {
  return reply[0] === MINUS;
}

/** Named as ioredis does, so that `redisError` knows it. */
export function errorFromReply(reply: Buffer): Error {
  const error = new Error(reply.toString("utf8", 1, reply.length - "\r\n".length));
  error.name = "ReplyError";
  return error;
}

function connectTo({ host, port, tls, servername }: RedisNode): Socket {
  return tls
    ? connectTls({ host, port, ...(servername === undefined ? {} : { servername }) })
    : connect({ host, port });
}

interface Greeting {
  readonly words: readonly string[];
  readonly mayFail: boolean;
}

function greetingOf({ username, password, db }: RedisNode, name: string): readonly Greeting[] {
  const user = username === undefined ? [] : [username];
  const login = { words: ["AUTH", ...user, password ?? ""], mayFail: false };
  return [
    ...(username === undefined && password === undefined ? [] : [login]),
    // Not every user may do it.
    { words: ["CLIENT", "SETNAME", name], mayFail: true },
    ...(db === 0 ? [] : [{ words: ["SELECT", String(db)], mayFail: false }]),
  ];
}
