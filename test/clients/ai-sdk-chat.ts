import * as ai7 from "ai";
import * as ai5 from "ai-v5";
import * as ai6 from "ai-v6";
import { call } from "../support/api.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import type { AiSdkVersion } from "../../src/projections/ai-sdk/index.ts";

/** What the chats of all versions have in common: the state behind `useChat`. */
export interface StockChat {
  readonly id: string;
  readonly messages: readonly StockMessage[];
  readonly status: "submitted" | "streaming" | "ready" | "error";
  readonly error: Error | undefined;
  sendMessage(
    message?: { readonly text: string; readonly messageId?: string },
    options?: { readonly body?: object },
  ): Promise<void>;
  regenerate(): Promise<void>;
  resumeStream(): Promise<void>;
  stop(): Promise<void>;
  /** 6 and newer. */
  addToolApprovalResponse?(response: {
    readonly id: string;
    readonly approved: boolean;
    readonly reason?: string;
  }): void | PromiseLike<void>;
}

export interface StockMessage {
  readonly id: string;
  readonly role: "system" | "user" | "assistant";
  readonly metadata?: unknown;
  readonly parts: readonly { readonly type: string }[];
}

export interface ChatOptions {
  readonly id?: string;
  /** The address of the chat API. */
  readonly api: string;
  readonly fetch?: typeof fetch;
  readonly messages?: readonly StockMessage[];
  readonly onData?: (part: { readonly type: string; readonly data: unknown }) => void;
}

/** A stock chat of a version over its stock transport: the classes as published, with the state of `useChat`. */
export function createStockChat(version: AiSdkVersion, options: ChatOptions): StockChat {
  const { id = crypto.randomUUID(), api, onData } = options;
  const transport = { api, ...(options.fetch && { fetch: options.fetch }) };
  const common = { id, ...(onData && { onData }) };
  switch (version) {
    case 5:
      return new Chat5({
        ...common,
        transport: new ai5.DefaultChatTransport(transport),
        state: createState(options.messages as ai5.UIMessage[]),
      });
    case 6:
      return new Chat6({
        ...common,
        transport: new ai6.DefaultChatTransport(transport),
        state: createState(options.messages as ai6.UIMessage[]),
        sendAutomaticallyWhen: ai6.lastAssistantMessageIsCompleteWithApprovalResponses,
      });
    case 7:
      return new Chat7({
        ...common,
        transport: new ai7.DefaultChatTransport(transport),
        state: createState(options.messages as ai7.UIMessage[]),
        sendAutomaticallyWhen: ai7.lastAssistantMessageIsCompleteWithApprovalResponses,
      });
  }
}

/** A chat of the newest version over any transport. */
export function createChatOver(
  transport: ai7.ChatTransport<ai7.UIMessage>,
  options: { readonly id?: string; readonly messages?: ai7.UIMessage[] } = {},
): StockChat {
  return new Chat7({
    ...(options.id !== undefined && { id: options.id }),
    transport,
    state: createState(options.messages),
    sendAutomaticallyWhen: ai7.lastAssistantMessageIsCompleteWithApprovalResponses,
  });
}

class Chat5 extends ai5.AbstractChat<ai5.UIMessage> {}
class Chat6 extends ai6.AbstractChat<ai6.UIMessage> {}
class Chat7 extends ai7.AbstractChat<ai7.UIMessage> {}

/** What `@ai-sdk/react` keeps, without React. */
function createState<Message>(messages: readonly Message[] = []) {
  return {
    status: "ready" as StockChat["status"],
    error: undefined as Error | undefined,
    messages: [...messages],
    pushMessage(message: Message) {
      this.messages = [...this.messages, message];
    },
    popMessage() {
      this.messages = this.messages.slice(0, -1);
    },
    replaceMessage(index: number, message: Message) {
      this.messages = this.messages.with(index, this.snapshot(message));
    },
    snapshot: <Thing>(thing: Thing): Thing => structuredClone(thing),
  };
}

/** All the text that a message shows. */
export function shownText(message: StockMessage | undefined): string {
  const parts = message?.parts ?? [];
  return parts
    .flatMap((part) => ("text" in part && part.type === "text" ? [String(part.text)] : []))
    .join("");
}

/** The parts of a message of some type. */
export function partsOf(message: StockMessage | undefined, type: string): StockMessage["parts"] {
  return (message?.parts ?? []).filter((part) => part.type === type);
}

/** The stored text of a chat's runs. */
export async function storedTexts(server: Pick<TestServer, "url">, chat: string): Promise<readonly string[]> {
  const history = await call(server as TestServer, "GET", `/api/conversations/${chat}`);
  return (history.at("runs") as readonly { readonly response: string }[]).map(({ response }) => response);
}
