import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ModelRequest, ToolRequest, UpstreamRequest, UpstreamTurn } from "./upstream-wire.ts";

/** The model provider and the outside world of the tools, in the test's own process, over real HTTP. */
export interface Upstream {
  readonly url: string;
  /** Every call that was ever made, in order. */
  readonly calls: readonly UpstreamCall[];
  /** Every call of a conversation. */
  callsOf(conversation: string): readonly UpstreamCall[];
  /** Stops calls at a place until released; all that come later pass. */
  hold(place: string): Hold;
  /** Answers the next so many calls at a place with 503. */
  fail(place: string, times: number): void;
  close(): Promise<void>;
}

export interface Hold {
  /** How many calls have come to the place so far. */
  readonly arrived: number;
  release(): void;
}

/** One call, as the upstream saw it. */
export type UpstreamCall = (ModelRequest | ToolRequest) & {
  /** The how-manieth call under its idempotency key, from 1. */
  readonly count: number;
  /** When it came, in milliseconds since 1970. */
  readonly at: number;
  /** `left`: its client went away before all was said. */
  state: "open" | "finished" | "failed" | "left";
};

export interface UpstreamOptions {
  /** What the model does in a run, model call by model call; past its end the run is over. */
  readonly turns: (request: ModelRequest) => readonly UpstreamTurn[];
  /** How long to wait before each chunk, and before a tool answers, in milliseconds. Default 0. */
  readonly delayMs?: (request: UpstreamRequest) => number;
}

/** The place before a chunk of a model call; with the number of chunks: after the last. Runs count from 1, turns and chunks from 0. */
export function chunkPlace(conversation: string, run: number, turn: number, chunk: number): string {
  return `${conversation}/${run}/model/${turn}/${chunk}`;
}

/** The place inside a tool call, before it answers. */
export function toolPlace(conversation: string, run: number, callId: string): string {
  return `${conversation}/${run}/tool/${callId}`;
}

/** The text of a chunk: another one each time the call is made, so that no mixture of two tries passes for one. */
export function chunkText({ run, turn }: ModelRequest, count: number, chunk: number): string {
  return chunk % 3 === 2
    ? `\n- r${run}t${turn} try ${count}, ${chunk}: “ﬂüssig” `
    : `r${run}t${turn}#${count}.${chunk} `;
}

export async function openUpstream(options: UpstreamOptions): Promise<Upstream> {
  const calls: UpstreamCall[] = [];
  const counts = new Map<string, number>();
  const gates = new Map<string, Gate>();
  const failures = new Map<string, number>();

  async function pass(place: string, gone: AbortSignal): Promise<void> {
    const gate = gates.get(place);
    if (!gate) return;
    gate.arrived += 1;
    await Promise.race([gate.released.promise, aborted(gone)]);
  }

  async function wait(request: UpstreamRequest, gone: AbortSignal): Promise<void> {
    const delay = options.delayMs?.(request) ?? 0;
    if (delay > 0) await Promise.race([new Promise((resolve) => setTimeout(resolve, delay)), aborted(gone)]);
  }

  async function answerModel(
    call: ModelRequest & UpstreamCall,
    outgoing: ServerResponse,
    gone: AbortSignal,
  ): Promise<void> {
    const turns = options.turns(call);
    const { chunks, calls: planned = [] } = turns[call.turn] ?? { chunks: 0 };
    const say = (value: unknown): void => void outgoing.write(`${JSON.stringify(value)}\n`);
    outgoing.flushHeaders();
    for (let chunk = 0; chunk <= chunks; chunk++) {
      await pass(chunkPlace(call.conversation, call.run, call.turn, chunk), gone);
      if (gone.aborted) return;
      if (chunk === chunks) break;
      await wait(call, gone);
      say(chunkText(call, call.count, chunk));
    }
    for (const { callId, tool } of planned) {
      say({ type: "tool-call", callId, name: tool, input: { callId } });
    }
    const usage = { inputTokens: 10, outputTokens: chunks };
    say({ type: "finish", finishReason: planned.length > 0 ? "tool-calls" : "stop", usage });
    outgoing.end();
  }

  async function answerTool(
    call: ToolRequest & UpstreamCall,
    outgoing: ServerResponse,
    gone: AbortSignal,
  ): Promise<void> {
    await pass(toolPlace(call.conversation, call.run, call.callId), gone);
    await wait(call, gone);
    if (!gone.aborted) outgoing.end(`${call.tool} ${call.callId} done, time ${call.count}`);
  }

  function record(request: UpstreamRequest): UpstreamCall {
    const key = `${request.kind} ${request.conversation} ${request.idempotencyKey}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    const call: UpstreamCall = { ...request, count, at: Date.now(), state: "open" };
    calls.push(call);
    return call;
  }

  async function respond(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await bodyOf(incoming);
    const call = record(request);
    const place = request.kind === "model" ? modelPlace(request) : placeOfTool(request);
    const left = failures.get(place) ?? 0;
    if (left > 0) {
      failures.set(place, left - 1);
      call.state = "failed";
      outgoing.writeHead(503).end();
      return;
    }
    const gone = new AbortController();
    outgoing.once("close", () => {
      call.state = outgoing.writableFinished ? "finished" : "left";
      gone.abort();
    });
    if (call.kind === "model") await answerModel(call, outgoing, gone.signal);
    else await answerTool(call, outgoing, gone.signal);
  }

  const server = createServer((incoming, outgoing) => {
    outgoing.on("error", () => {}); // A worker was killed: its call says that it left.
    respond(incoming, outgoing).catch(() => outgoing.destroy()); // Killed while it sent its request.
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    calls,
    callsOf: (conversation) => calls.filter((call) => call.conversation === conversation),
    hold(place) {
      const gate: Gate = { arrived: 0, released: Promise.withResolvers() };
      gates.set(place, gate);
      return {
        get arrived() {
          return gate.arrived;
        },
        release() {
          gates.delete(place);
          gate.released.resolve();
        },
      };
    },
    fail: (place, times) => void failures.set(place, times),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Gate {
  arrived: number;
  readonly released: PromiseWithResolvers<void>;
}

function modelPlace({ conversation, run, turn }: ModelRequest): string {
  return chunkPlace(conversation, run, turn, 0);
}

function placeOfTool({ conversation, run, callId }: ToolRequest): string {
  return toolPlace(conversation, run, callId);
}

async function bodyOf(incoming: IncomingMessage): Promise<UpstreamRequest> {
  let text = "";
  for await (const piece of incoming.setEncoding("utf8")) text += String(piece);
  return JSON.parse(text) as UpstreamRequest;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
