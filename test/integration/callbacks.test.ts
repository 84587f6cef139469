import { describe, expect, it } from "vitest";
import { AgentError } from "../../src/core/index.ts";
import type { AgentCallbacks, ResponseContext } from "../../src/runtime/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { endOf, startRun } from "../support/api.ts";
import { openServer } from "../support/holdfast-server.ts";
import { scriptAgent } from "../support/test-agents.ts";

const BROKEN: Readonly<Record<string, Required<AgentCallbacks>>> = {
  throwing: {
    onStreamingResponseUpdate: () => {
      throw new Error("update");
    },
    onAgentResponse: () => {
      throw new Error("response");
    },
  },
  rejecting: {
    onStreamingResponseUpdate: () => Promise.reject(new Error("update")),
    onAgentResponse: () => Promise.reject(new Error("response")),
  },
  "never ending": {
    onStreamingResponseUpdate: () => new Promise<void>(() => {}),
    onAgentResponse: () => new Promise<void>(() => {}),
  },
};

/** Writes down what it is told. */
function recorder() {
  const updates: string[] = [];
  const responses: { readonly text: string; readonly status: string }[] = [];
  const contexts: ResponseContext[] = [];
  const callbacks: Required<AgentCallbacks> = {
    onStreamingResponseUpdate({ text, event }, context) {
      updates.push(event.type === "text-delta" ? text : event.type);
      contexts.push(context);
    },
    async onAgentResponse({ text, record }, context) {
      responses.push({ text, status: record.status });
      contexts.push(context);
    },
  };
  return { callbacks, updates, responses, contexts };
}

describe("callbacks", () => {
  it("hear of every entry in order, then of the whole answer, with whose it is", async () => {
    const [app, own] = [recorder(), recorder()];
    const agent = scriptAgent(["one ", "two"], own.callbacks);
    const server = await openServer({ agents: [agent], ...app.callbacks });
    const run = await startRun(server, "Script", "A question\r\n");
    await endOf(server, run);
    await eventually("the answer", () => own.responses.length === 1);
    for (const { updates, responses, contexts } of [app, own]) {
      expect(updates).toEqual([
        "run-start",
        "step-start",
        "text-start",
        "one ",
        "two",
        "text-end",
        "step-end",
        "run-completed",
      ]);
      expect(responses).toEqual([{ text: "one two", status: "completed" }]);
      for (const context of contexts) {
        expect(context).toEqual({
          agentName: "Script",
          conversationId: run.conversation,
          correlationId: run.id,
          requestMessage: "A question\n",
        });
      }
    }
  });

  it("hear of the answer of a run that failed, too", async () => {
    const { callbacks, responses } = recorder();
    const agent = scriptAgent(["half", new AgentError("model_failed", "No.")]);
    const server = await openServer({ agents: [agent], ...callbacks });
    await startRun(server, "Script");
    await eventually("the answer", () => responses.length === 1);
    expect(responses).toEqual([{ text: "half", status: "failed" }]);
  });

  it.each(["throwing", "rejecting"])(
    "that are %s never hurt the run, the others, or go unheard",
    async (how) => {
      const { callbacks, updates, responses } = recorder();
      const server = await openServer({ agents: [scriptAgent(["one ", "two"], callbacks)], ...BROKEN[how]! });
      const run = await startRun(server, "Script");
      expect((await endOf(server, run)).body).toMatchObject({ status: "Completed", response: "one two" });
      await eventually("the answer", () => responses.length === 1);
      const failures = server.logs.filter(({ level }) => level === "error");
      expect(failures).toHaveLength(updates.length + 1);
      expect(failures[0]!.facts).toMatchObject({
        callback: "onStreamingResponseUpdate",
        error: new Error("update"),
        conversationId: run.conversation,
      });
      expect(failures.at(-1)!.facts).toMatchObject({
        callback: "onAgentResponse",
        error: new Error("response"),
      });
    },
  );

  it.each(Object.keys(BROKEN))("of an agent that are %s never hurt the run", async (how) => {
    const server = await openServer({ agents: [scriptAgent(["one"], BROKEN[how])] });
    const run = await startRun(server, "Script");
    expect((await endOf(server, run)).at("status")).toBe("Completed");
    const again = await startRun(server, "Script", { message: "Again", thread_id: run.conversation });
    expect((await endOf(server, again)).at("runs.1.status")).toBe("Completed");
  });
});
