import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { onTestFinished } from "vitest";

export const MCP_CLIENTS = ["@modelcontextprotocol/sdk", "@modelcontextprotocol/client"] as const;
export type McpClientName = (typeof MCP_CLIENTS)[number];

/** Both stock clients, as far as they are asked the same. */
export interface McpClient {
  tools(): Promise<readonly { readonly name: string; readonly description?: string | undefined }[]>;
  call(name: string, input: Record<string, unknown>, options?: McpCallOptions): Promise<McpResult>;
  ping(): Promise<unknown>;
}

export interface McpCallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: {
    readonly progress: number;
    readonly message?: string | undefined;
  }) => void;
}

export interface McpResult {
  readonly text: string;
  readonly isError: boolean;
  readonly threadId: string;
  readonly runId: string;
  readonly status: string;
}

const INFO = { name: "test", version: "1" };

/** A stock client, connected; closed when the test is over. */
export async function openMcp(name: McpClientName, url: string): Promise<McpClient> {
  const address = new URL("/mcp", url);
  if (name === "@modelcontextprotocol/sdk") {
    const client = new ClientV1(INFO);
    await client.connect(new TransportV1(address));
    onTestFinished(() => client.close());
    return {
      tools: async () => (await client.listTools()).tools,
      call: async (tool, input, options) =>
        resultOf(await client.callTool({ name: tool, arguments: input }, undefined, options)),
      ping: () => client.ping(),
    };
  }
  // Asks for the newest revision that both speak.
  const client = new ClientV2(INFO, { versionNegotiation: { mode: "auto" } });
  await client.connect(new TransportV2(address));
  onTestFinished(() => client.close());
  return {
    tools: async () => (await client.listTools()).tools,
    call: async (tool, input, options) =>
      resultOf(await client.callTool({ name: tool, arguments: input }, options)),
    ping: () => client.ping(),
  };
}

function resultOf(result: unknown): McpResult {
  const { content, structuredContent, isError } = result as {
    readonly content: readonly { readonly text: string }[];
    readonly structuredContent: Pick<McpResult, "threadId" | "runId" | "status">;
    readonly isError?: boolean;
  };
  return {
    text: content.map(({ text }) => text).join("\n"),
    isError: isError ?? false,
    ...structuredContent,
  };
}
