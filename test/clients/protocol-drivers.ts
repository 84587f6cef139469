import { CancelTaskRequest, GetTaskRequest, TaskState } from "@a2a-js/sdk";
import type { Task } from "@a2a-js/sdk";
import { HttpAgent } from "@ag-ui/client";
import { stream as readDurableStream } from "@durable-streams/client";
import type OpenAI from "openai";
import { createHoldfastClient } from "../../src/client/index.ts";
import { call, startRun } from "../support/api.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import type { TaskUpdate } from "../projections/render-task.ts";
import { collect, createA2a, renderTask, said, subscription, textOfTask } from "./a2a-client.ts";
import { agUiText } from "./ag-ui-client.ts";
import { createStockChat, shownText } from "./ai-sdk-chat.ts";
import type { StockChat, StockMessage } from "./ai-sdk-chat.ts";
import { textOfEntries } from "./log-text.ts";
import type { LogEntry } from "./log-text.ts";
import { openMcp } from "./mcp-clients.ts";
import { createOpenAi } from "./openai-client.ts";

/** The first run of a conversation, which every protocol finds by the conversation's id. */
export interface RunAt {
  readonly server: TestServer;
  readonly agent: string;
  readonly conversation: string;
}

/** What a client shows of a run while it watches it. */
export interface Watcher {
  text(): string;
  /** The client was told that this is all. */
  readonly over: Promise<unknown>;
}

/** The stock client of a protocol, asked the same as all others; what it has no word for is absent. */
export interface ProtocolDriver {
  readonly name: string;
  /** Begins the run, and watches it: resolves when it was accepted. */
  readonly start?: (at: RunAt) => Promise<Watcher>;
  /** Watches a run that somebody else began. */
  readonly watch?: (at: RunAt) => Promise<Watcher>;
  readonly cancel?: (at: RunAt) => Promise<unknown>;
  /** Answers the one request for approval that there is. */
  readonly approve?: (at: RunAt) => Promise<unknown>;
}

/** A row for each protocol. */
export const PROTOCOLS: readonly ProtocolDriver[] = [
  {
    name: "native",
    async start(at) {
      await startRun(at.server, at.agent, { message: "Go.", conversation_id: at.conversation });
      return followNatively(at);
    },
    watch: followNatively,
    cancel: (at) => createHoldfastClient({ baseUrl: at.server.url }).cancel(nativeRun(at)),
    async approve(at) {
      const approvalId = await approvalOf(at);
      const client = createHoldfastClient({ baseUrl: at.server.url });
      await client.approve({ ...nativeRun(at), approvalId, approved: true });
    },
  },
  {
    name: "OpenAI",
    async start(at) {
      const { agent: model, conversation } = at;
      const client = createOpenAi(at.server.port);
      const asked = { model, conversation, input: "Go.", stream: true } as const;
      return watchResponses(client, await client.responses.create(asked));
    },
    async watch(at) {
      const client = createOpenAi(at.server.port);
      return watchResponses(client, await client.responses.retrieve(responseId(at), { stream: true }));
    },
    cancel: (at) => createOpenAi(at.server.port).responses.cancel(responseId(at)),
    async approve(at) {
      const client = createOpenAi(at.server.port);
      const { id, output } = await client.responses.retrieve(responseId(at));
      const request = output.find(({ type }) => type === "mcp_approval_request");
      await client.responses.create({
        model: at.agent,
        previous_response_id: id,
        input: [{ type: "mcp_approval_response", approval_request_id: request?.id ?? "none", approve: true }],
      });
    },
  },
  {
    name: "AI SDK",
    async start(at) {
      const chat = chatAt(at);
      return watchChat(chat, chat.sendMessage({ text: "Go." }));
    },
    async watch(at) {
      const chat = chatAt(at);
      return watchChat(chat, chat.resumeStream());
    },
    cancel: (at) => call(at.server, "POST", `/api/chat/${at.conversation}/stop`),
    async approve(at) {
      const history = await call(at.server, "GET", `/api/chat/${at.conversation}`);
      const chat = chatAt(at, history.at("messages") as StockMessage[]);
      await chat.resumeStream();
      await chat.addToolApprovalResponse?.({ id: await approvalOf(at), approved: true });
    },
  },
  {
    name: "A2A",
    async start(at) {
      const client = await createA2a(at.server.url);
      const message = said("Go.", { contextId: at.conversation });
      return watchTask((updates) => collect(client.sendMessageStream(message), updates));
    },
    async watch(at) {
      const client = await createA2a(at.server.url);
      const task = await client.getTask(GetTaskRequest.fromJSON({ id: taskId(at) }));
      if (hasEnded(task)) return { text: () => textOfTask(task), over: Promise.resolve() };
      return watchTask((updates) => collect(client.resubscribeTask(subscription(taskId(at))), updates));
    },
    cancel: async (at) =>
      (await createA2a(at.server.url)).cancelTask(CancelTaskRequest.fromJSON({ id: taskId(at) })),
    approve: async (at) =>
      (await createA2a(at.server.url)).sendMessage(said("approve", { taskId: taskId(at) })),
  },
  {
    name: "AG-UI",
    async start(at) {
      const agent = agUiAgent(at);
      agent.addMessage({ id: crypto.randomUUID(), role: "user", content: "Go." });
      return { text: () => agUiText(agent), over: agent.runAgent() };
    },
    async watch(at) {
      const agent = agUiAgent(at);
      return { text: () => agUiText(agent), over: agent.runAgent() };
    },
    async approve(at) {
      const agent = agUiAgent(at);
      await agent.runAgent();
      const [interrupt] = agent.pendingInterrupts;
      const payload = { approved: true };
      await agent.runAgent({
        resume: [{ interruptId: interrupt?.id ?? "none", status: "resolved", payload }],
      });
    },
  },
  {
    name: "MCP",
    async start(at) {
      const client = await openMcp("@modelcontextprotocol/sdk", at.server.url);
      let text = "";
      const over = client
        .call(
          at.agent,
          { query: "Go.", threadId: at.conversation },
          { onprogress: ({ message }) => (text += message ?? "") },
        )
        .then((result) => (text = result.text));
      return { text: () => text, over };
    },
  },
  {
    name: "Durable Streams",
    async watch({ server, conversation }) {
      const url = `${server.url}/v1/stream/${conversation}~1`;
      const response = await readDurableStream<LogEntry>({ url, live: "sse" });
      const entries: LogEntry[] = [];
      async function readAll(): Promise<void> {
        for await (const entry of response.jsonStream()) entries.push(entry);
      }
      return { text: () => textOfEntries(entries), over: readAll() };
    },
  },
];

function nativeRun({ agent, conversation }: RunAt) {
  return { agent, conversationId: conversation };
}

async function approvalOf({ server, agent, conversation }: RunAt): Promise<string> {
  const status = await call(server, "GET", `/api/agents/${agent}/run/${conversation}`);
  return status.at("approvals.0.approval_id") as string;
}

async function followNatively({ server, conversation }: RunAt): Promise<Watcher> {
  const client = createHoldfastClient({ baseUrl: server.url });
  let shown = "";
  async function follow(): Promise<void> {
    for await (const { text } of client.follow(conversation, { run: 1 })) shown = text;
  }
  return { text: () => shown, over: follow() };
}

function responseId({ conversation }: RunAt): string {
  return `resp_${conversation}~1`;
}

type ResponseEvent = OpenAI.Responses.ResponseStreamEvent;

/** A response, and the one that goes on after it where it ended with a request for approval that was answered. */
function watchResponses(client: OpenAI, first: AsyncIterable<ResponseEvent>): Watcher {
  const said = new Map<string, string>();
  const incomplete = new Set<string>();
  async function read(stream: AsyncIterable<ResponseEvent>): Promise<void> {
    for await (const event of stream) {
      if (event.type === "response.output_text.delta") {
        said.set(event.item_id, (said.get(event.item_id) ?? "") + event.delta);
      }
      if (event.type === "response.output_item.done" && isIncomplete(event.item)) {
        incomplete.add(event.item.id ?? "");
      }
      if (event.type !== "response.completed" && event.type !== "response.incomplete") continue;
      const { id, output } = event.response;
      // What the end still has was broken off for good, not withdrawn.
      for (const item of output) incomplete.delete(item.id ?? "");
      const asks = output.some(({ type }) => type === "mcp_approval_request");
      if (asks) await read(await client.responses.retrieve(`${id}.2`, { stream: true }));
    }
  }
  return {
    text: () => [...said].map(([id, text]) => (incomplete.has(id) ? "" : text)).join(""),
    over: read(first),
  };
}

function isIncomplete(item: OpenAI.Responses.ResponseOutputItem): boolean {
  return "status" in item && item.status === "incomplete";
}

function chatAt({ server, agent, conversation }: RunAt, messages: readonly StockMessage[] = []): StockChat {
  const api = `${server.url}/api/chat?agent=${agent}&replay=true`;
  return createStockChat(7, { id: conversation, api, messages });
}

function watchChat(chat: StockChat, over: Promise<void>): Watcher {
  return { text: () => shownText(chat.messages.findLast(({ role }) => role === "assistant")), over };
}

function taskId({ conversation }: RunAt): string {
  return `${conversation}~1`;
}

function hasEnded({ status }: Task): boolean {
  return status?.state === TaskState.TASK_STATE_COMPLETED || status?.state === TaskState.TASK_STATE_CANCELED;
}

function watchTask(read: (updates: TaskUpdate[]) => Promise<unknown>): Watcher {
  const updates: TaskUpdate[] = [];
  return { text: () => renderTask(updates).text, over: read(updates) };
}

function agUiAgent({ server, agent, conversation }: RunAt): HttpAgent {
  return new HttpAgent({ url: `${server.url}/ag-ui/${agent}`, threadId: conversation });
}
