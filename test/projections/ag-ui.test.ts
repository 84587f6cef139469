import { HttpAgent } from "@ag-ui/client";
import type { Message } from "@ag-ui/client";
import { EventSchema } from "@ag-ui/core/schemas";
import { describe, expect, it } from "vitest";
import { cursorOf, foldRun, textOf } from "../../src/core/index.ts";
import { createAgUiProjection } from "../../src/projections/ag-ui/index.ts";
import { framesOfRun, openedAt } from "../../src/projections/index.ts";
import type { Frame } from "../../src/projections/index.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { generateRun } from "./generated-run.ts";
import { GOLDEN_EVENTS, GOLDEN_RUN } from "./golden-run.ts";
import { testProjectionLaws } from "./projection-laws.ts";

const BEFORE = [{ id: "u1", role: "user", content: "Go." }];
const projection = createAgUiProjection({ threadId: "trip", runId: "r1", before: BEFORE });

/** What the stock client makes of the events, once its own checks have let them through. */
async function rendered(
  frames: readonly Frame[],
  known: readonly Message[] = BEFORE as Message[],
): Promise<readonly Message[]> {
  const body = frames.map(({ data }) => `data: ${JSON.stringify(data)}\n\n`).join("");
  const headers = { "content-type": "text/event-stream" };
  const agent = new HttpAgent({
    url: "http://holdfast.test",
    initialMessages: structuredClone([...known]),
    fetch: async () => new Response(body, { headers }),
  });
  const fails = frames.some(({ data }) => data["type"] === "RUN_ERROR");
  await agent.runAgent().catch((error: unknown) => {
    if (!fails || !String(error).includes("No.")) throw error;
  });
  return agent.messages;
}

function textShown(messages: readonly Message[]): string {
  return messages.map((message) => (message.role === "assistant" ? (message.content ?? "") : "")).join("");
}

const SEEDS = 100;

describe("a run as AG-UI events", () => {
  testProjectionLaws(projection);

  it("passes the stock client's checks and shows what is stored, whatever was withdrawn on the way", async () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const { run, events } = generateRun(seededRandom(seed));
      const frames = framesOfRun(projection, run, events);
      for (const { data } of frames) expect(EventSchema.safeParse(data).error).toBeUndefined();
      const messages = await rendered(frames);
      expect(textShown(messages), `seed ${seed}`).toBe(textOf(foldRun(events)));
    }
  });

  it("begun anywhere, shows a client the same, whatever it has shown before", async () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const random = seededRandom(seed);
      const { run, events } = generateRun(random);
      const place = random.between(0, events.length - 1);
      const stale = await rendered(
        framesOfRun(projection, run, events.slice(0, random.between(0, place + 1))).filter(isNoEnd),
      );
      const opened = openedAt(projection, { at: cursorOf(events[place]!), resumed: random.chance(0.5) });
      const shown = await rendered(framesOfRun(opened, run, events), stale);
      const whole = await rendered(framesOfRun(projection, run, events));
      expect(withoutReasoning(shown), `seed ${seed}`).toEqual(withoutReasoning(whole));
    }
  });

  it("tells a run with a crash, a tool and a person's leave as it is on file", async () => {
    const frames = framesOfRun(projection, GOLDEN_RUN, GOLDEN_EVENTS);
    await rendered(frames);
    const lines = frames.map(({ data }) => JSON.stringify(data)).join("\n");
    await expect(`${lines}\n`).toMatchFileSnapshot("golden/ag-ui.txt");
  });
});

/** A client that was cut off has seen no end. */
function isNoEnd({ data }: Frame): boolean {
  return data["type"] !== "RUN_ERROR";
}

/** Thoughts are shown as they came; no snapshot has them. A result may or may not carry its error. */
function withoutReasoning(messages: readonly Message[]): unknown {
  return messages
    .filter(({ role }) => role !== "reasoning")
    .map((message) => ({ ...message, error: undefined }));
}
