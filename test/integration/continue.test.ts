import { describe, expect, it } from "vitest";
import { AgentError } from "../../src/core/index.ts";
import { call, startRun, statusOnce } from "../support/api.ts";
import { openServer, STORE_KINDS } from "../support/holdfast-server.ts";
import { readStream } from "../support/stream-reader.ts";
import { turnsAgent } from "../support/test-agents.ts";

const CUT = new AgentError("model_unavailable", "The connection was cut.", { retryAfterMs: 1 });

describe.each(STORE_KINDS)("an agent that goes on from a broken-off answer, on the %s store", (store) => {
  it("keeps what was said, asks its model to go on from there, and withdraws nothing", async () => {
    const turns = [
      ["The answer ", "is forty", CUT],
      ["-two. ", "That", CUT],
      [" is all."],
      ["Second answer."],
    ];
    const agent = turnsAgent(turns, { onInterrupted: "continue" });
    const server = await openServer({ store, agents: [agent.definition] });
    const run = await startRun(server, "Script", "What is it?");
    await statusOnce(server, run, "Completed");

    const text = "The answer is forty-two. That is all.";
    const stream = await readStream(server.port, run.streamPath);
    expect(stream.events.map(({ event }) => event)).not.toContain("step-reset");
    expect(
      stream.events
        .slice(0, -1)
        .map(({ data }) => data)
        .join(""),
    ).toBe(text);
    const history = await call(server, "GET", `/api/conversations/${run.conversation}`);
    expect(history.at("runs.0.response")).toBe(text);
    // One message, as a model that answers in one breath would have left it.
    expect(history.at("runs.0.messages")).toEqual([
      { role: "user", content: [{ type: "text", text: "What is it?" }] },
      { role: "assistant", content: [{ type: "text", text }] },
    ]);

    expect(agent.steps.map((step) => step.continues)).toEqual([undefined, true, true]);
    expect(agent.steps[2]?.messages.slice(1)).toEqual([
      { role: "assistant", content: [{ type: "text", text: "The answer is forty" }] },
      { role: "assistant", content: [{ type: "text", text: "-two. That" }] },
    ]);
  });

  it("begins again when nothing was said yet", async () => {
    const agent = turnsAgent([[CUT], ["All of it."]], { onInterrupted: "continue" });
    const server = await openServer({ store, agents: [agent.definition] });
    const run = await startRun(server, "Script", "What is it?");
    await statusOnce(server, run, "Completed");
    const history = await call(server, "GET", `/api/conversations/${run.conversation}`);
    expect(history.at("runs.0.response")).toBe("All of it.");
    expect(agent.steps.map((step) => step.continues)).toEqual([undefined, undefined]);
  });
});
