import { describe, expect, it } from "vitest";
import { AgentError } from "../../src/core/index.ts";
import type { ErrorCode } from "../../src/core/index.ts";
import { RESTARTED } from "../../src/projections/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, endOf, startRun, storedText } from "../support/api.ts";
import { openServer, STORE_KINDS } from "../support/holdfast-server.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { rawAnswer, rawRequest } from "../support/raw-client.ts";
import { openStream, readStream, renderedText } from "../support/stream-reader.ts";
import { createPuppet, scriptAgent, turnsAgent } from "../support/test-agents.ts";

const SECRET = "sk-secret at /srv/app/model.ts:7";
const fatal = (code: ErrorCode = "model_failed"): AgentError =>
  new AgentError(code, "The model said no.", { cause: new Error(SECRET) });
const busy = (code: ErrorCode = "model_unavailable"): AgentError =>
  new AgentError(code, "Come back later.", { retryAfterMs: 1 });

describe.each(STORE_KINDS)("a failing model on the %s store", (store) => {
  it.each([
    ["at once", [fatal()], ""],
    ["in the middle", ["half an ", "answer", fatal()], "half an answer"],
    ["without a right to it", [fatal("model_unauthorized")], ""],
  ])("that fails %s ends the run with one error event", async (_when, turn, text) => {
    const server = await openServer({ store, agents: [scriptAgent(turn)] });
    const run = await startRun(server, "Script");
    const { events, ended } = await readStream(server.port, run.streamPath);
    expect(ended).toBe("graceful");
    expect(events.filter(({ event }) => event === "error")).toHaveLength(1);
    const last = events.at(-1)!;
    const code = turn.at(-1) instanceof AgentError ? (turn.at(-1) as AgentError).code : "";
    expect(last.event).toBe("error");
    expect(JSON.parse(last.data)).toEqual({ error: { code, message: "The model said no." }, run: 1 });
    expect(renderedText(events)).toBe(text);

    const status = await endOf(server, run);
    expect(status.body).toMatchObject({ status: "Failed", response: text, error: { code } });
    expect(await storedText(server, run)).toBe(text);
    const plain = await rawAnswer(server.port, { path: run.streamPath, headers: { accept: "text/plain" } });
    expect(plain).toMatchObject({ text: `${text}\n[Error: The model said no.]\n`, ended: "graceful" });
    const all = await readStream(server.port, `${run.streamPath}?events=all`);
    expect(all.events.filter(({ event }) => event.startsWith("run-")).map(({ event }) => event)).toEqual([
      "run-start",
      "run-failed",
    ]);
    expect(all.text + plain.text + JSON.stringify(status.body)).not.toContain("secret");
  });

  it.each(["model_rate_limited", "model_unavailable"] as const)(
    "that is %s for a while is tried again, and what it had said is withdrawn",
    async (code) => {
      const puppet = createPuppet();
      const server = await openServer({ store, agents: [puppet.definition] });
      const run = await startRun(server, "Puppet");
      const plain = rawAnswer(server.port, { path: run.streamPath, headers: { accept: "text/plain" } });
      const watching = await openStream(server.port, run.streamPath);
      puppet.say("Well, ");
      await eventually("the text is shown", () => watching.events.length === 1);
      puppet.say(busy(code), busy(code), "All ", "is well.");
      puppet.end();
      await watching.ending;
      const resets = watching.events.filter(({ event }) => event === "step-reset");
      expect(JSON.parse(resets[0]!.data)).toMatchObject({ run: 1, step: 1, reason: "retry" });
      expect(renderedText(watching.events)).toBe("All is well.");
      expect((await plain).text).toBe(`Well, ${RESTARTED}All is well.\n`);
      expect(await storedText(server, run)).toBe("All is well.");
      const late = await readStream(server.port, run.streamPath);
      expect(late.events.map(({ data }) => data)).toEqual(["All ", "is well.", "[DONE]"]);
      expect(server.logs.filter(({ level }) => level === "warn")).toHaveLength(2);
    },
  );

  it("that stays unavailable is given up after so many tries", async () => {
    const agent = turnsAgent([["x", busy()]], { limits: { maxModelTries: 3 } });
    const server = await openServer({ store, agents: [agent.definition] });
    const run = await startRun(server, "Script");
    const status = await endOf(server, run);
    expect(status.body).toMatchObject({ status: "Failed", error: { code: "model_unavailable" } });
    expect(agent.steps).toHaveLength(3);
    expect(status.at("response")).toBe("x");
  });
});

describe("a failing model", () => {
  it("that throws what is no AgentError fails the run without a word of it", async () => {
    const server = await openServer({ agents: [scriptAgent([new TypeError(SECRET)])] });
    const run = await startRun(server, "Script");
    const status = await endOf(server, run);
    expect(status.at("error")).toEqual({ code: "model_failed", message: "The model failed." });
    expect(server.logs).toMatchObject([{ level: "error", facts: { conversation: run.conversation } }]);
  });

  it("whose answer breaks off without a finish is tried again", async () => {
    const puppet = createPuppet();
    let tries = 0;
    const model = {
      description: "breaks off",
      async *stream() {
        tries += 1;
        yield { type: "text-delta" as const, id: "t", delta: `try ${tries}` };
        if (tries === 1) return;
        const usage = { inputTokens: 1, outputTokens: 2 } as const;
        yield { type: "finish" as const, finishReason: "stop" as const, usage };
      },
    };
    const server = await openServer({ agents: [{ ...puppet.definition, model }] });
    const run = await startRun(server, "Puppet");
    expect((await endOf(server, run)).body).toMatchObject({ status: "Completed", response: "try 2" });
  });

  it("whose answer is cut by its limit completes, and says why it is short", async () => {
    const usage = { inputTokens: 1, outputTokens: 2 } as const;
    const finish = { type: "finish", finishReason: "length", usage } as const;
    const server = await openServer({ agents: [scriptAgent(["short", finish])] });
    const run = await startRun(server, "Script");
    const status = await endOf(server, run);
    expect(status.body).toMatchObject({
      status: "Completed",
      response: "short",
      runs: [{ reason: "max_output_tokens", usage: { input_tokens: 1, output_tokens: 2 } }],
    });
  });

  it("waits as long as its provider asks to, and a cancel ends the wait", async () => {
    const error = new AgentError("model_rate_limited", "Slow down.", { retryAfterMs: 50_000 });
    const server = await openServer({ agents: [scriptAgent([error])] });
    const run = await startRun(server, "Script");
    await eventually("the first try failed", () => server.logs.length > 0);
    await call(server, "POST", `${run.statusPath}/cancel`);
    expect((await endOf(server, run)).at("status")).toBe("Canceled");
  });

  it("waits for no reader: one that never reads holds up neither the run nor others", async () => {
    const chunk = "0123456789".repeat(10_000);
    const server = await openServer({ agents: [scriptAgent(Array.from({ length: 200 }, () => chunk))] });
    const run = await startRun(server, "Script");
    const lazy = await rawRequest(server.port, { path: run.streamPath, neverReads: true });
    expect((await readAll(server, run.streamPath)).length).toBe(200 * chunk.length);
    await endOf(server, run);
    lazy.cut();
  });
});

async function readAll(server: TestServer, path: string): Promise<string> {
  return renderedText((await readStream(server.port, path)).events);
}
