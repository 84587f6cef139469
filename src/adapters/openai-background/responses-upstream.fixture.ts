import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a response of the upstream says, token by token. */
export interface UpstreamAnswer {
  readonly items: readonly UpstreamItem[];
  /** Default completed. */
  readonly end?: "completed" | "incomplete" | "failed";
  readonly error?: { readonly code: string; readonly message: string };
  /** Between two tokens. Default 0: all at once. */
  readonly tokenMs?: number;
}

export type UpstreamItem =
  | { readonly type: "message"; readonly tokens: readonly string[] }
  | { readonly type: "reasoning"; readonly tokens: readonly string[]; readonly encryptedContent?: string }
  | {
      readonly type: "function_call";
      readonly tokens: readonly string[];
      readonly callId: string;
      readonly name: string;
    };

export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Record<string, unknown>;
}

export interface UpstreamResponse {
  readonly id: string;
  status: string;
  /** How many tokens were generated: paid for. */
  tokens: number;
  readonly events: Record<string, unknown>[];
}

/**
 * A server of OpenAI's Responses API in background mode. It goes on generating while nobody listens, keeps every event,
 * and gives them again after any `starting_after`.
 */
export interface ResponsesUpstream {
  /** Up to and with `/v1`. */
  readonly url: string;
  readonly requests: readonly UpstreamRequest[];
  /** All that were ever made, in order. */
  readonly responses: readonly UpstreamResponse[];
  /** While false, no response can be streamed again, as OpenAI does after 5 minutes. */
  streamsAgain: boolean;
  /** Cuts every connection under way. */
  cut(): void;
  /** Knows nothing of any response from now on. */
  forget(): void;
  close(): Promise<void>;
}

/** `answerTo` says what the response to a request's body is to be; the ordinal counts responses from 0. */
export async function startResponsesUpstream(
  answerTo: (body: Record<string, unknown>, ordinal: number) => UpstreamAnswer,
): Promise<ResponsesUpstream> {
  const requests: UpstreamRequest[] = [];
  const responses: UpstreamResponse[] = [];
  const known = new Map<string, UpstreamResponse>();
  const sockets = new Set<ServerResponse>();
  let heard = Promise.withResolvers<void>();
  let closed = false;

  function tell(): void {
    heard.resolve();
    heard = Promise.withResolvers();
  }

  async function generate(response: UpstreamResponse, answer: UpstreamAnswer): Promise<void> {
    const output: Record<string, unknown>[] = [];
    const emit = (type: string, fields: Record<string, unknown>): void => {
      if (isOver(response) && fields["response"] === undefined) return;
      response.events.push({ type, ...fields, sequence_number: response.events.length });
      tell();
    };
    const state = (): Record<string, unknown> => responseJson(response, output, answer);
    emit("response.created", { response: state() });
    emit("response.queued", { response: state() });
    response.status = "in_progress";
    emit("response.in_progress", { response: state() });
    for (const [index, item] of answer.items.entries()) {
      const place = { output_index: index, item_id: `item_${index}` };
      emit("response.output_item.added", { ...place, item: itemJson(item, index, "") });
      for (const [type, fields] of opening(item)) emit(type, { ...place, ...fields });
      let text = "";
      for (const token of item.tokens) {
        if (answer.tokenMs) await new Promise((resolve) => setTimeout(resolve, answer.tokenMs));
        if (isOver(response) || closed) return;
        text += token;
        response.tokens += 1;
        emit(DELTA[item.type], { ...place, content_index: 0, summary_index: 0, delta: token });
      }
      for (const [type, fields] of closing(item, text)) emit(type, { ...place, ...fields });
      output.push(itemJson(item, index, text));
      emit("response.output_item.done", { ...place, item: output.at(-1) });
    }
    response.status = answer.end ?? "completed";
    emit(`response.${response.status}`, { response: state() });
  }

  async function stream(response: UpstreamResponse, after: number, to: ServerResponse): Promise<void> {
    sockets.add(to);
    to.writeHead(200, { "content-type": "text/event-stream" });
    to.flushHeaders();
    const gone = once(to, "close");
    for (let next = after + 1; !to.destroyed;) {
      const events = response.events.slice(next);
      next += events.length;
      for (const event of events)
        to.write(`event: ${String(event["type"])}\ndata: ${JSON.stringify(event)}\n\n`);
      if (isOver(response) && next >= response.events.length) break;
      await Promise.race([heard.promise, gone]);
    }
    sockets.delete(to);
    to.end();
  }

  async function handle(request: IncomingMessage, to: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const text = (await request.toArray()).join("");
    const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
    requests.push({ method, path: url, headers: request.headers, body });
    const { pathname, searchParams } = new URL(url, "http://upstream");
    const [, , , id, verb] = pathname.split("/");
    if (method === "POST" && id === undefined) {
      if (!body["background"] || !body["stream"] || !body["store"])
        return fail(to, 400, "Only in the background.");
      const response: UpstreamResponse = {
        id: `resp_${responses.length}`,
        status: "queued",
        tokens: 0,
        events: [],
      };
      const answer = answerTo(body, responses.length);
      responses.push(response);
      known.set(response.id, response);
      void generate(response, answer);
      return stream(response, -1, to);
    }
    const response = known.get(id ?? "");
    if (!response) return fail(to, 404, `Response with id '${id}' not found.`);
    if (verb === "cancel") {
      if (!isOver(response)) response.status = "cancelled";
      tell();
      return reply(to, 200, lastState(response));
    }
    if (searchParams.get("stream") !== "true") return reply(to, 200, lastState(response));
    if (!upstream.streamsAgain) return fail(to, 400, "This response can no longer be streamed.");
    return stream(response, Number(searchParams.get("starting_after") ?? -1), to);
  }

  const server = createServer((request, to) => void handle(request, to));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const upstream: ResponsesUpstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    responses,
    streamsAgain: true,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    forget: () => known.clear(),
    async close() {
      closed = true;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return upstream;
}

const DELTA: Record<UpstreamItem["type"], string> = {
  message: "response.output_text.delta",
  reasoning: "response.reasoning_summary_text.delta",
  function_call: "response.function_call_arguments.delta",
};

type Framing = readonly (readonly [type: string, fields: Record<string, unknown>])[];

/** What OpenAI says around the tokens of an item. */
function opening(item: UpstreamItem): Framing {
  if (item.type === "function_call" || item.tokens.length === 0) return [];
  return item.type === "message"
    ? [["response.content_part.added", { content_index: 0, part: outputText("") }]]
    : [["response.reasoning_summary_part.added", { summary_index: 0, part: summaryText("") }]];
}

function closing(item: UpstreamItem, text: string): Framing {
  if (item.type === "function_call") {
    return [["response.function_call_arguments.done", { name: item.name, arguments: text }]];
  }
  if (item.tokens.length === 0) return [];
  if (item.type === "message") {
    return [
      ["response.output_text.done", { content_index: 0, text, logprobs: [] }],
      ["response.content_part.done", { content_index: 0, part: outputText(text) }],
    ];
  }
  return [
    ["response.reasoning_summary_text.done", { summary_index: 0, text }],
    ["response.reasoning_summary_part.done", { summary_index: 0, part: summaryText(text) }],
  ];
}

function outputText(text: string): unknown {
  return { type: "output_text", text, annotations: [] };
}

function summaryText(text: string): unknown {
  return { type: "summary_text", text };
}

function isOver({ status }: UpstreamResponse): boolean {
  return status !== "queued" && status !== "in_progress";
}

function itemJson(item: UpstreamItem, index: number, text: string): Record<string, unknown> {
  const id = `item_${index}`;
  switch (item.type) {
    case "message":
      return {
        type: item.type,
        id,
        role: "assistant",
        content: text === "" ? [] : [outputText(text)],
      };
    case "reasoning":
      return {
        type: item.type,
        id,
        summary: text === "" ? [] : [summaryText(text)],
        encrypted_content: item.encryptedContent ?? null,
      };
    case "function_call":
      return { type: item.type, id, call_id: item.callId, name: item.name, arguments: text };
  }
}

function responseJson(
  { id, status, tokens }: UpstreamResponse,
  output: readonly unknown[],
  answer: UpstreamAnswer,
): Record<string, unknown> {
  return {
    id,
    object: "response",
    status,
    output: [...output],
    error: status === "failed" ? (answer.error ?? null) : null,
    incomplete_details: status === "incomplete" ? { reason: "max_output_tokens" } : null,
    usage: { input_tokens: 7, output_tokens: tokens },
  };
}

/** The newest state that the events tell, with the status of now: a cancelled response tells none of its own. */
function lastState(response: UpstreamResponse): unknown {
  const state = response.events.findLast((event) => event["response"] !== undefined)?.["response"];
  return { ...(state as object), status: response.status };
}

function reply(to: ServerResponse, status: number, body: unknown): void {
  to.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function fail(to: ServerResponse, status: number, message: string): void {
  reply(to, status, { error: { message, type: "invalid_request_error", param: null, code: null } });
}
