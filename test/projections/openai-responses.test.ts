import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cursorAt, START } from "../../src/core/index.ts";
import type { ConversationId, EventBody, LogEvent } from "../../src/core/index.ts";
import { framesOfRun } from "../../src/projections/index.ts";
import type { DescribedRun, Frame } from "../../src/projections/index.ts";
import {
  createOpenAiResponsesProjection,
  endsPart,
  isOver,
  parseApprovalRequestId,
  parseResponseId,
  responseId,
  responseJson,
  responseOfRecord,
  runOfItemId,
} from "../../src/projections/openai-responses/index.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { generateRun } from "./generated-run.ts";
import { testProjectionLaws } from "./projection-laws.ts";

describe("an OpenAI response of a run", () => {
  testProjectionLaws(createOpenAiResponsesProjection());
});

describe("what comes after a person's answer, as a response of its own", () => {
  testProjectionLaws(createOpenAiResponsesProjection(2));
});

const RUN: DescribedRun = {
  conversation: "trip" as ConversationId,
  run: 1,
  id: "public-id",
  agent: "Planner",
  input: "Plan a trip.",
  options: {},
  metadata: { user: "Ada" },
  acceptedAt: 1_700_000_000_000,
};

const USAGE = { inputTokens: 10, outputTokens: 5 };
const CALL = { callId: "c1", name: "get_weather", input: { city: "Rome" } };
const PAY = { callId: "c2", name: "pay", input: { euros: 5 } };

/** Reasoning, a text that a crash withdraws, the text again, a tool, a request for leave, and the end. */
const BODIES: readonly (readonly EventBody[])[] = [
  [
    { type: "attempt-start", worker: "one", follows: START },
    {
      type: "run-start",
      id: RUN.id,
      agent: RUN.agent,
      input: RUN.input,
      acceptedAt: RUN.acceptedAt,
      options: {},
    },
    { type: "step-start", step: 1, kind: "model" },
    { type: "reasoning-start", step: 1, id: "r" },
    { type: "reasoning-delta", step: 1, id: "r", delta: "The weather " },
    { type: "reasoning-delta", step: 1, id: "r", delta: "first." },
    { type: "reasoning-end", step: 1, id: "r" },
    { type: "text-start", step: 1, id: "t" },
    { type: "text-delta", step: 1, id: "t", delta: "Let me se", sequence: 0 },
  ],
  [
    { type: "attempt-start", worker: "two", follows: cursorAt(1, 8) },
    { type: "step-reset", step: 1, from: cursorAt(1, 2), reason: "interrupted", withdrawsText: true },
    { type: "step-start", step: 1, kind: "model" },
    { type: "text-start", step: 1, id: "t" },
    { type: "text-delta", step: 1, id: "t", delta: "Let me ", sequence: 1 },
    { type: "text-delta", step: 1, id: "t", delta: "look.", sequence: 2 },
    { type: "text-end", step: 1, id: "t" },
    { type: "tool-input-start", step: 1, callId: "c1", name: "get_weather" },
    { type: "tool-input-delta", step: 1, callId: "c1", delta: '{"city":"Rome"}' },
    {
      type: "step-end",
      step: 1,
      message: {
        role: "assistant",
        content: [
          { type: "text", text: "Let me look." },
          { type: "tool-call", toolCallId: "c1", toolName: "get_weather", input: CALL.input },
          { type: "tool-call", toolCallId: "c2", toolName: "pay", input: PAY.input },
        ],
      },
      usage: USAGE,
      finishReason: "tool-calls",
    },
    { type: "step-start", step: 2, kind: "tools" },
    { type: "approval-request", step: 2, approvalId: "1:2:c2", ...PAY },
    { type: "tool-call", step: 2, ...CALL },
    { type: "data", step: 2, name: "progress", value: 0.5 },
    {
      type: "tool-result",
      step: 2,
      callId: "c1",
      name: "get_weather",
      output: { type: "text", value: "Sun." },
    },
  ],
  [
    { type: "attempt-start", worker: "two", follows: cursorAt(2, 14) },
    { type: "approval-response", step: 2, approvalId: "1:2:c2", callId: "c2", approved: true },
    { type: "tool-call", step: 2, ...PAY },
    { type: "tool-error", step: 2, callId: "c2", name: "pay", reason: "failed", message: "No money." },
    { type: "step-end", step: 2, message: { role: "tool", content: [] } },
    { type: "step-start", step: 3, kind: "model" },
    { type: "text-start", step: 3, id: "t" },
    { type: "text-delta", step: 3, id: "t", delta: "\n\n", sequence: 3, separator: true },
    { type: "text-delta", step: 3, id: "t", delta: "Sun, but no ticket.", sequence: 4 },
    { type: "text-end", step: 3, id: "t" },
    {
      type: "step-end",
      step: 3,
      message: { role: "assistant", content: [{ type: "text", text: "Sun, but no ticket." }] },
      usage: USAGE,
      finishReason: "stop",
    },
    { type: "run-completed", usage: { inputTokens: 20, outputTokens: 10 } },
  ],
];

const EVENTS: readonly LogEvent[] = BODIES.flatMap((bodies, index) =>
  bodies.map((body, seq) => ({
    v: 1,
    attempt: index + 1,
    seq,
    at: RUN.acceptedAt + 1000 * (index + 1),
    run: 1,
    ...body,
  })),
);

const GOLDEN = new URL("openai-responses.golden.txt", import.meta.url);

describe("the golden transcript", () => {
  it("is how a run with reasoning, text, a crash, a tool, a request for leave and an end is told", () => {
    const transcript = [1, 2].map((part) => transcriptOf(part)).join("\n");
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(GOLDEN, transcript);
    expect(transcript).toBe(readFileSync(GOLDEN, "utf8"));
  });

  it("ends each response where its stream does", () => {
    for (const part of [1, 2]) {
      const ends = EVENTS.findIndex(endsPart(part));
      const whole = stateAfter(part, EVENTS.length);
      expect(isOver(stateAfter(part, ends))).toBe(false);
      expect(isOver(stateAfter(part, ends + 1))).toBe(true);
      expect(stateAfter(part, ends + 1).done).toEqual(whole.done);
    }
  });
});

describe("a response of a random run", () => {
  it("has in its last event, and in its record, exactly the text that is stored", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const { run, events } = generateRun(seededRandom(seed));
      const texts: string[] = [];
      for (let part = 1; part <= 20; part++) {
        const frames = framesOfRun(createOpenAiResponsesProjection(part), run, events);
        const last = frames.at(-1)!.data["response"] as { readonly id: string };
        expect(last.id, `seed ${seed}`).toBe(responseId({ ...run, part }));
        texts.push(outputText(last));
        expect(shownText(frames), `seed ${seed}`).toBe(outputText(last));
      }
      expect(texts.join(""), `seed ${seed}`).toBe(storedText(events));
    }
  });

  it("numbers its events and its items without a hole", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const { run, events } = generateRun(seededRandom(seed));
      const frames = framesOfRun(createOpenAiResponsesProjection(), run, events);
      expect(frames.map(({ data }) => data["sequence_number"])).toEqual(frames.map((_, index) => index));
      const added = frames.filter(({ event }) => event === "response.output_item.added");
      expect(added.map(({ data }) => data["output_index"])).toEqual(added.map((_, index) => index));
      const types = frames.map(({ event }) => event);
      expect(types.slice(0, 3)).toEqual(["response.created", "response.queued", "response.in_progress"]);
      expect(types.filter((type) => type === "response.in_progress")).toHaveLength(1);
      const done = frames.filter(({ event }) => event === "response.output_item.done");
      expect(done.map(({ data }) => data["output_index"]).toSorted(byNumber)).toEqual(
        added.map((_, index) => index),
      );
    }
  });
});

describe("a tool that the provider executed within its answer", () => {
  it("is withdrawn together with the answer, and told again with the next", () => {
    const used = { step: 1, callId: "p1", name: "search", providerExecuted: true } as const;
    const call: EventBody = { type: "tool-call", ...used, input: {} };
    const result: EventBody = { type: "tool-result", ...used, output: { type: "json", value: [] } };
    const begin: EventBody = { type: "step-start", step: 1, kind: "model" };
    const message = { role: "assistant", content: [] } as const;
    const bodies: readonly EventBody[] = [
      begin,
      call,
      result,
      { type: "step-reset", step: 1, from: cursorAt(1, 0), reason: "retry" },
      begin,
      call,
      result,
      { type: "step-end", step: 1, message },
      { type: "run-completed", usage: USAGE },
    ];
    const events = bodies.map((body, seq): LogEvent => ({ v: 1, attempt: 1, seq, at: 1, run: 1, ...body }));
    const frames = framesOfRun(createOpenAiResponsesProjection(), RUN, events);
    const done = frames.filter(({ event }) => event === "response.output_item.done");
    expect(done.map(({ data }) => data["item"])).toMatchObject([
      { id: "mcp_trip~1_1-1", status: "incomplete" },
      { id: "mcp_trip~1_1-5", status: "completed", output: "[]" },
    ]);
    expect(frames.at(-1)!.data["response"]).toMatchObject({ output: [{ id: "mcp_trip~1_1-5" }] });
  });
});

describe("what outlives the stream", () => {
  it("has the answer with the blank lines between its parts, and each tool call with what came of it", () => {
    const response = responseOfRecord(RUN, 1, {
      ...RUN,
      status: "completed",
      messages: [
        { role: "user", content: [{ type: "text", text: RUN.input }] },
        {
          role: "assistant",
          content: [
            { type: "text", text: "Let me look." },
            { type: "tool-call", toolCallId: "c1", toolName: "get_weather", input: CALL.input },
          ],
        },
        {
          role: "tool",
          content: [
            {
              type: "tool-result",
              toolCallId: "c1",
              toolName: "get_weather",
              output: { type: "json", value: [1] },
            },
          ],
        },
        { role: "assistant", content: [{ type: "text", text: "Sun." }] },
      ],
      text: "Let me look.\n\nSun.",
      usage: USAGE,
      startedAt: 1,
      endedAt: 2000,
      attempts: 1,
      steps: 3,
      from: START,
      to: cursorAt(1, 20),
    });
    expect(response).toMatchObject({
      id: "resp_trip~1",
      status: "completed",
      completed_at: 2,
      output: [
        { id: "msg_trip~1_0", content: [{ text: "Let me look." }] },
        {
          id: "mcp_trip~1_1",
          type: "mcp_call",
          status: "completed",
          output: "[1]",
          arguments: '{"city":"Rome"}',
        },
        { content: [{ text: "\n\nSun." }] },
      ],
    });
  });
});

describe("a run that ends while it waits for people", () => {
  it("shows its end when it is retrieved, though its stream was over", () => {
    const parked = EVENTS.slice(0, EVENTS.findIndex(endsPart(1)) + 1);
    const cancelled: LogEvent = {
      v: 1,
      attempt: 3,
      seq: 1,
      at: 5,
      run: 1,
      type: "run-cancelled",
      usage: USAGE,
    };
    const projection = createOpenAiResponsesProjection();
    const before = framesOfRun(projection, RUN, parked);
    expect(framesOfRun(projection, RUN, [...parked, cancelled])).toEqual(before);
    let { state } = projection.start(RUN);
    for (const event of [...parked, cancelled]) ({ state } = projection.reduce(state, event));
    expect(responseJson(state)).toMatchObject({
      status: "cancelled",
      incomplete_details: { reason: "cancelled" },
    });
    const next = framesOfRun(createOpenAiResponsesProjection(2), RUN, [...parked, cancelled]);
    expect(next.at(-1)).toMatchObject({
      event: "response.incomplete",
      data: { response: { id: "resp_trip~1.2", status: "cancelled" } },
    });
  });
});

describe("the ids", () => {
  it("name a response, a request for leave and an item, and are read back", () => {
    const place = { conversation: "a.b" as ConversationId, run: 3, part: 2 };
    expect(parseResponseId(responseId(place))).toEqual(place);
    expect(parseResponseId("resp_a.b~3")).toEqual({ ...place, part: 1 });
    for (const wrong of ["a~1", "resp_a", "resp_a~0", "resp_a~1.0", "resp_~1", "resp_a~1~2"]) {
      expect(() => parseResponseId(wrong), wrong).toThrow(/id|named/);
    }
    expect(parseApprovalRequestId("mcpr_a.b~3:2:call~x")).toEqual({
      conversation: "a.b",
      run: 3,
      approvalId: "3:2:call~x",
    });
    expect(parseApprovalRequestId("mcpr_x")).toBeUndefined();
    expect(runOfItemId("msg_a.b~3_1-17")).toEqual({ conversation: "a.b", run: 3 });
    expect(runOfItemId("msg_a.b~3_input_0")).toBeUndefined();
  });
});

function byNumber(a: unknown, b: unknown): number {
  return Number(a) - Number(b);
}

function stateAfter(part: number, count: number) {
  const projection = createOpenAiResponsesProjection(part);
  let { state } = projection.start(RUN);
  for (const event of EVENTS.slice(0, count)) ({ state } = projection.reduce(state, event));
  return state;
}

/** One line an event. What the first has said of the response, the others do not repeat. */
function transcriptOf(part: number): string {
  const frames = framesOfRun(createOpenAiResponsesProjection(part), RUN, EVENTS);
  const first = (frames[0]?.data["response"] ?? {}) as Readonly<Record<string, unknown>>;
  return frames
    .map(({ event, data }, index) => {
      const { type: _type, sequence_number: number, response, ...rest } = data;
      const news = Object.entries(response ?? {}).filter(
        ([key, value]) => index === 0 || JSON.stringify(first[key]) !== JSON.stringify(value),
      );
      const told = response === undefined ? rest : Object.fromEntries(news);
      return `${JSON.stringify(number).padStart(2)} ${event}\n   ${JSON.stringify(told)}\n`;
    })
    .join("");
}

interface OutputItem {
  readonly id: string;
  readonly type: string;
  readonly content?: readonly { readonly text: string }[];
}

/** As `addOutputText` of the client does. */
function outputText(response: object): string {
  const { output } = response as { readonly output: readonly OutputItem[] };
  return output
    .flatMap(({ type, content = [] }) => (type === "message" ? content : []))
    .map(({ text }) => text)
    .join("");
}

/** What a reader of single events has in the end, without the items that the last event is without. */
function shownText(frames: readonly Frame[]): string {
  const { output } = frames.at(-1)!.data["response"] as unknown as { readonly output: readonly OutputItem[] };
  const kept = new Set(output.map(({ id }) => id));
  return frames
    .filter(({ event }) => event === "response.output_text.delta")
    .map(({ data }) => data as { readonly item_id: string; readonly delta: string })
    .filter(({ item_id: id }) => kept.has(id))
    .map(({ delta }) => delta)
    .join("");
}

function storedText(events: readonly LogEvent[]): string {
  let text = "";
  let step = "";
  for (const event of events) {
    if (event.type === "text-delta") step += event.delta;
    if (event.type === "step-reset") step = "";
    if (event.type === "step-end") {
      text += step;
      step = "";
    }
  }
  return text + step;
}
