import { describe, expect, it } from "vitest";
import * as z from "zod";
import { createMemoryStore } from "../../src/adapters/memory/index.ts";
import { AgentError } from "../../src/core/index.ts";
import { defineTool } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, endOf, startRun, statusOnce } from "../support/api.ts";
import { openServer } from "../support/holdfast-server.ts";
import { scriptAgent, turnsAgent } from "../support/test-agents.ts";
import { runCommand } from "./cli-command.ts";

const CALL = { type: "tool-call", callId: "c1", name: "pay", input: { euros: 5 } } as const;
const OTHER_CALL = { ...CALL, callId: "c2", input: { euros: 7 } } as const;

const pay = defineTool({
  inputSchema: z.object({ euros: z.number() }),
  needsApproval: true,
  execute: () => "paid",
});

describe("holdfast approve", () => {
  it("answers the one that waits, lists them when there are several, and says when there is none", async () => {
    const agent = turnsAgent([["May I?", CALL, OTHER_CALL], ["Thank you."]], { tools: { pay } });
    const server = await openServer({ agents: [agent.definition] });
    const url = ["--server", server.url];
    const started = await startRun(server, "Script");
    const { conversation } = started;
    await statusOnce(server, started, "Suspended");
    const several = await runCommand(["approve", conversation, ...url]);
    expect(several.code).toBe(1);
    expect(several.stderr).toContain('1:2:c1  pay({"euros":5})');
    expect(several.stderr).toContain('1:2:c2  pay({"euros":7})');
    expect(await runCommand(["approve", conversation, "1:2:c1", ...url])).toMatchObject({
      code: 0,
      stdout: 'Allowed pay({"euros":5}).\n',
    });
    const denied = ["approve", conversation, "--deny", "--reason", "Too much.", ...url];
    expect(await runCommand(denied)).toMatchObject({ code: 0, stdout: 'Denied pay({"euros":7}).\n' });
    await endOf(server, started);
    const none = await runCommand(["approve", conversation, ...url]);
    expect(none).toMatchObject({
      code: 1,
      stderr: "holdfast: nothing waits for approval in this conversation.\n",
    });
    const unknown = await runCommand(["approve", "nowhere", ...url]);
    expect(unknown).toMatchObject({ code: 1, stderr: "holdfast: There is no conversation nowhere.\n" });
  });

  it("is named by who follows without a terminal", async () => {
    const agent = turnsAgent([["May I?", CALL], ["Thank you."]], { tools: { pay } });
    const server = await openServer({ agents: [agent.definition] });
    const started = await startRun(server, "Script");
    await statusOnce(server, started, "Suspended");
    const following = runCommand(["follow", started.conversation, "--server", server.url]);
    await runCommand(["approve", started.conversation, "--server", server.url]);
    const { stderr, stdout, code } = await following;
    expect(code).toBe(0);
    expect(stdout).toContain("Thank you.");
    // It may have begun to follow when it was answered already.
    if (stderr !== "") expect(stderr).toContain(`holdfast approve ${started.conversation} 1:2:c1 --server`);
  });
});

describe("holdfast list", () => {
  it("shows the latest first, of one agent if asked, and as JSON", async () => {
    const server = await openServer({
      agents: [scriptAgent(["Hello."]), scriptAgent(["Hi."], { name: "Other" })],
    });
    const first = await startRun(server, "Script");
    await endOf(server, first);
    const second = await startRun(server, "Other");
    await endOf(server, second);
    const url = ["--server", server.url];
    const all = await runCommand(["list", ...url]);
    expect(all.code).toBe(0);
    const ids = all.stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" ")[0]);
    expect(ids).toEqual([second.conversation, first.conversation]);
    const one = await runCommand(["list", "--agent", "Script", "--limit", "1", "--json", ...url]);
    expect(JSON.parse(one.stdout)).toMatchObject({
      conversationId: first.conversation,
      agent: "Script",
      runs: 1,
    });
    const wrong = await runCommand(["list", "--limit", "none", ...url]);
    expect(wrong.code).toBe(2);
  });
});

describe("holdfast inspect", () => {
  it("shows runs, attempts, steps, tools, resets and tokens in order, as text, as JSON and raw", async () => {
    const look = defineTool({ inputSchema: z.object({}), execute: () => "seen", retry: "safe" });
    const usage = { inputTokens: 7, outputTokens: 3 };
    let tries = 0;
    const server = await openServer({
      agents: [
        {
          name: "Script",
          instructions: "Look.",
          tools: { look },
          async *model() {
            tries += 1;
            yield "Half ";
            if (tries === 1) {
              throw new AgentError("model_unavailable", "Come back later.", { retryAfterMs: 1 });
            }
            if (tries === 2) yield { type: "tool-call", callId: "c", name: "look", input: {} } as const;
            yield { type: "finish", finishReason: tries === 2 ? "tool-calls" : "stop", usage } as const;
          },
        },
      ],
    });
    const started = await startRun(server, "Script", "What is there?");
    await endOf(server, started);
    const url = ["--server", server.url];
    const text = await runCommand(["inspect", started.conversation, ...url]);
    expect(text).toMatchObject({ code: 0, stderr: "" });
    const patterns = [
      /^Conversation [0-9a-f]{32} of Script: Completed$/m,
      /^Run 1: Completed, .*14 \+ 6 tokens, 12 characters$/m,
      /"What is there\?"/,
      /\+0\.\d+ {2}1-0 +attempt 1 by /,
      /reset of step 1: everything from 1-2 is withdrawn \(retry\)/,
      /step 1, model: .*5 characters in 1 chunks, 7 \+ 3 tokens, tool-calls/,
      /tool look\(\{\}\) succeeded after \d+ ms/,
      /step 3, model: .*, stop/,
      /run-completed$/m,
    ];
    const places = patterns.map((pattern) => text.stdout.search(pattern));
    expect(places, text.stdout).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    const json = await runCommand(["inspect", started.conversation, "--json", ...url]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      agent: "Script",
      status: "Completed",
      runs: [{ run: 1, usage: { inputTokens: 14, outputTokens: 6 }, attempts: 1 }],
    });
    const raw = await runCommand(["inspect", started.conversation, "--raw", ...url]);
    const events = raw.stdout
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { readonly event: string }).event);
    expect(events[0]).toBe("attempt-start");
    expect(events).toContain("step-reset");
    expect(events.at(-1)).toBe("run-completed");
    const both = await runCommand(["inspect", started.conversation, "--raw", "--json", ...url]);
    expect(both.code).toBe(2);
  });

  it("shows the moment of a run that waits, and the history of a stream that has expired", async () => {
    let now = Date.now();
    const store = createMemoryStore({ streamTtlMs: 1000, now: () => now });
    const agent = turnsAgent([["May I?", CALL], ["Thank you."]], { tools: { pay } });
    const server = await openServer({ agents: [agent.definition], store });
    const started = await startRun(server, "Script");
    await statusOnce(server, started, "Suspended");
    const url = ["--server", server.url];
    const waiting = await runCommand(["inspect", started.conversation, ...url]);
    expect(waiting.code).toBe(0);
    expect(waiting.stdout).toMatch(/approval 1:2:c1 of pay\(\{"euros":5\}\) waits/);
    await call(server, "POST", `${started.statusPath}/approvals/1:2:c1`, { approved: true });
    await endOf(server, started);
    now += 2000;
    const stream = `/api/agent/stream/${started.conversation}`;
    await eventually("it expires", async () => (await call(server, "GET", stream)).status === 410);
    const expired = await runCommand(["inspect", started.conversation, ...url]);
    expect(expired.code).toBe(0);
    expect(expired.stdout).toContain("what is left is the history");
    expect(expired.stdout).toMatch(/Run 1: Completed/);
    const follow = await runCommand(["follow", started.conversation, ...url]);
    expect(follow.code).toBe(1);
    expect(follow.stderr).toContain("holdfast inspect shows it");
  });
});
