import * as ai7 from "ai";
import * as ai5 from "ai-v5";
import * as ai6 from "ai-v6";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cursorAt, foldRun, lastingMessages, NO_USAGE, START, textOf } from "../../src/core/index.ts";
import type { EventBody, LogEvent, RunRecord } from "../../src/core/index.ts";
import {
  AI_SDK_VERSIONS,
  createAiSdkProjection,
  messageIdOf,
  uiMessagesOfRecord,
} from "../../src/projections/ai-sdk/index.ts";
import type { AiSdkVersion } from "../../src/projections/ai-sdk/index.ts";
import { responseOfRecord } from "../../src/projections/openai-responses/index.ts";
import { framesOfRun, projectRun } from "../../src/projections/index.ts";
import type { DescribedRun } from "../../src/projections/index.ts";
import { shownText } from "../clients/ai-sdk-chat.ts";
import type { StockMessage } from "../clients/ai-sdk-chat.ts";
import { voidedBy } from "../client/generated-log.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { generateRun } from "./generated-run.ts";
import type { GeneratedRun } from "./generated-run.ts";
import { testProjectionLaws } from "./projection-laws.ts";

/** The stock reader of each version, and what each knows of chunks. */
const STOCK: Record<AiSdkVersion, StockReader> = {
  5: {
    read: (stream) => ai5.readUIMessageStream({ stream: stream as ReadableStream<ai5.UIMessageChunk> }),
    schema: ai5.uiMessageChunkSchema(),
  },
  6: {
    read: (stream) => ai6.readUIMessageStream({ stream: stream as ReadableStream<ai6.UIMessageChunk> }),
    schema: ai6.uiMessageChunkSchema(),
  },
  7: {
    read: (stream) => ai7.readUIMessageStream({ stream: stream as ReadableStream<ai7.UIMessageChunk> }),
    schema: ai7.uiMessageChunkSchema(),
  },
};

interface StockReader {
  readonly read: (stream: ReadableStream<unknown>) => AsyncIterable<StockMessage>;
  readonly schema: { readonly validate?: ((value: unknown) => unknown) | undefined };
}

/** The chunks of a run as a reader gets them who comes when so many of its entries are there. */
function chunksFor(
  version: AiSdkVersion,
  { run, events }: GeneratedRun,
  arrival: number,
): readonly unknown[] {
  const stream = projectRun(createAiSdkProjection(version), {
    run,
    voided: voidedBy(events.slice(0, arrival)),
  });
  const text = (stream.opening ?? "") + events.map((event) => stream.frame(event, false)).join("");
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => JSON.parse(data) as unknown);
}

/** What the stock reader of a version makes of chunks, each of which it has to know. */
async function shown(version: AiSdkVersion, chunks: readonly unknown[]): Promise<string> {
  const { schema, read } = STOCK[version];
  for (const chunk of chunks) {
    expect(await schema.validate?.(chunk), JSON.stringify(chunk)).toMatchObject({ success: true });
  }
  let last: StockMessage | undefined;
  for await (const message of read(streamOf(chunks))) last = message;
  return shownText(last);
}

function streamOf(chunks: readonly unknown[]): ReadableStream<unknown> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

describe.each(AI_SDK_VERSIONS)("a run as the AI SDK %i reads it", (version) => {
  testProjectionLaws(createAiSdkProjection(version));

  it("is understood whole by the stock reader, and shows the stored text to whoever comes late", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const generated = generateRun(seededRandom(seed));
        const stored = textOf(foldRun(generated.events));
        const late = chunksFor(version, generated, generated.events.length);
        expect(await shown(version, late)).toBe(stored);
        const live = await shown(version, chunksFor(version, generated, 0));
        // Older versions keep showing what was withdrawn before their eyes.
        const keeps = version !== 7 && generated.events.some(({ type }) => type === "step-reset");
        if (keeps) expect(live.length).toBeGreaterThanOrEqual(stored.length);
        else expect(live).toBe(stored);
      }),
      { numRuns: 60 },
    );
  });

  it("is kept with the same text, tools and metadata as its stream shows", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const generated = generateRun(seededRandom(seed));
        const record = recordOf(generated);
        const messages = uiMessagesOfRecord(generated.run.conversation, record, version);
        expect(messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
        const texts = messages[1]!.parts.map((part) => (part.type === "text" ? part.text : ""));
        expect(texts.join("")).toBe(record.text);
      }),
    );
  });

  it("is told as the golden transcript has it", async () => {
    const { run, events } = GOLDEN;
    const lines = framesOfRun(createAiSdkProjection(version), run, events).map(
      ({ data }, index) => `${String(index).padStart(2)}  ${JSON.stringify(data)}`,
    );
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(`golden/ai-sdk-${version}.txt`);
  });
});

describe("a run in the history of a chat", () => {
  const run = {
    ...recordOf(generateRun(seededRandom(1))),
    run: 2,
    metadata: { "ai-sdk": { messageId: "m-1", metadata: { tone: "dry" } } },
  };
  const conversation = "chat" as DescribedRun["conversation"];

  it("has the id and the metadata that its client gave its message", () => {
    expect(messageIdOf(run)).toBe("m-1");
    const [message] = uiMessagesOfRecord(conversation, run, 7);
    expect(message).toMatchObject({ id: "m-1", role: "user", metadata: { tone: "dry" } });
  });

  it("has ids made of its name when it was begun on another protocol", () => {
    const ids = uiMessagesOfRecord(conversation, { ...run, metadata: { "ai-sdk": "else" } }, 7).map(
      ({ id }) => id,
    );
    expect(ids).toEqual(["chat~2:input", "chat~2"]);
  });

  it("shows what it brought along, and texts with what sets them apart", () => {
    const text = (said: string) => [{ type: "text", text: said }] as const;
    const record: RunRecord = {
      ...run,
      text: "One.\n\nTwo.\nThree.",
      messages: [
        { role: "user", content: text("Earlier.") },
        { role: "assistant", content: text("Yes.") },
        { role: "user", content: text("Now.") },
        { role: "assistant", content: [...text("One."), ...text("Two.\n")] },
        { role: "assistant", content: text("Three.") },
      ],
    };
    const messages = uiMessagesOfRecord(conversation, record, 7);
    expect(messages.map(({ id }) => id)).toEqual(["chat~2:before:0", "chat~2:before:1", "m-1", "chat~2"]);
    expect(messages.at(-1)!.parts).toEqual([
      { type: "step-start" },
      { type: "text", text: "One.", state: "done" },
      { type: "text", text: "\n\nTwo.\n", state: "done" },
      { type: "step-start" },
      { type: "text", text: "Three.", state: "done" },
    ]);
  });
});

it("keeps a text of line breaks alone apart from what sets it apart, in the history of every protocol", () => {
  const said = ["One.", "\n", "\n\n"];
  const record: RunRecord = {
    ...recordOf(generateRun(seededRandom(1))),
    text: "One.\n\n\n\n\n",
    messages: [
      { role: "user", content: [{ type: "text", text: "Now." }] },
      { role: "assistant", content: said.map((text) => ({ type: "text", text })) },
    ],
  };
  const run = GOLDEN.run;
  const [, answer] = uiMessagesOfRecord(run.conversation, record, 7);
  expect(answer!.parts.map((part) => (part.type === "text" ? part.text : "")).join("")).toBe(record.text);
  const output = responseOfRecord(run, 1, record)["output"] as { content: { text: string }[] }[];
  expect(output.map(({ content }) => content[0]!.text).join("")).toBe(record.text);
});

function recordOf({ run, events }: GeneratedRun): RunRecord {
  const state = foldRun(events);
  return {
    run: run.run,
    id: run.id,
    agent: run.agent,
    status: "completed",
    input: run.input,
    options: {},
    messages: lastingMessages(state),
    text: textOf(state),
    usage: NO_USAGE,
    acceptedAt: run.acceptedAt,
    startedAt: run.acceptedAt,
    endedAt: run.acceptedAt,
    attempts: 1,
    steps: state.steps,
    from: START,
    to: state.tip,
  };
}

/** A run that thinks, speaks, is broken off and speaks again, asks for leave, uses a tool and comes to its end. */
const GOLDEN: GeneratedRun = {
  run: {
    conversation: "golden" as DescribedRun["conversation"],
    run: 1,
    id: "public-id",
    agent: "Cashier",
    input: "Pay the bill.",
    options: {},
    acceptedAt: 1_700_000_000_000,
  },
  events: logOf([
    {
      type: "run-start",
      id: "public-id",
      agent: "Cashier",
      input: "Pay the bill.",
      acceptedAt: 1_700_000_000_000,
      options: {},
    },
    { type: "step-start", step: 1, kind: "model" },
    { type: "reasoning-start", step: 1, id: "r" },
    { type: "reasoning-delta", step: 1, id: "r", delta: "A bill?" },
    { type: "reasoning-end", step: 1, id: "r" },
    { type: "text-start", step: 1, id: "t" },
    { type: "text-delta", step: 1, id: "t", delta: "I would p", sequence: 0 },
    { type: "step-reset", step: 1, from: cursorAt(1, 1), reason: "interrupted", withdrawsText: true },
    { type: "step-start", step: 1, kind: "model" },
    { type: "text-start", step: 1, id: "t" },
    { type: "text-delta", step: 1, id: "t", delta: "May I pay?", sequence: 1 },
    { type: "text-end", step: 1, id: "t" },
    { type: "tool-input-start", step: 1, callId: "c1", name: "pay" },
    { type: "tool-input-delta", step: 1, callId: "c1", delta: '{"euros":5}' },
    {
      type: "step-end",
      step: 1,
      message: {
        role: "assistant",
        content: [
          { type: "text", text: "May I pay?" },
          { type: "tool-call", toolCallId: "c1", toolName: "pay", input: { euros: 5 } },
        ],
      },
      usage: { inputTokens: 12, outputTokens: 9 },
      finishReason: "tool-calls",
    },
    { type: "step-start", step: 2, kind: "tools" },
    {
      type: "approval-request",
      step: 2,
      approvalId: "1:2:c1",
      callId: "c1",
      name: "pay",
      input: { euros: 5 },
    },
    {
      type: "approval-response",
      step: 2,
      approvalId: "1:2:c1",
      callId: "c1",
      approved: true,
      reason: "Fine.",
    },
    { type: "tool-call", step: 2, callId: "c1", name: "pay", input: { euros: 5 } },
    { type: "data", step: 2, name: "progress", value: 0.5 },
    { type: "tool-result", step: 2, callId: "c1", name: "pay", output: { type: "json", value: { paid: 5 } } },
    { type: "step-end", step: 2, message: { role: "tool", content: [] } },
    { type: "step-start", step: 3, kind: "model" },
    { type: "text-start", step: 3, id: "t" },
    { type: "text-delta", step: 3, id: "t", delta: "\n\n", sequence: 2, separator: true },
    { type: "text-delta", step: 3, id: "t", delta: "Paid.", sequence: 3 },
    { type: "text-end", step: 3, id: "t" },
    {
      type: "step-end",
      step: 3,
      message: { role: "assistant", content: [{ type: "text", text: "Paid." }] },
      usage: { inputTokens: 20, outputTokens: 2 },
      finishReason: "stop",
    },
    { type: "run-completed", usage: { inputTokens: 32, outputTokens: 11 } },
  ]),
};

function logOf(bodies: readonly EventBody[]): readonly LogEvent[] {
  return bodies.map((body, seq) => ({ v: 1, attempt: 1, seq, at: 1_700_000_000_000 + seq, run: 1, ...body }));
}
