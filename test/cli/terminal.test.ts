import { describe, expect, it } from "vitest";
import * as z from "zod";
import { RESTARTED } from "../../src/cli/watch/answer-output.ts";
import { createHoldfastClient } from "../../src/client/index.ts";
import { AgentError } from "../../src/core/index.ts";
import { defineTool } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { endOf, startRun, statusOnce, storedText } from "../support/api.ts";
import { openServer } from "../support/holdfast-server.ts";
import { createPuppet, scriptAgent, turnsAgent } from "../support/test-agents.ts";
import { CTRL_C, runCommand, startInTerminal } from "./cli-command.ts";

describe("in a terminal", () => {
  it("an answer streams, Ctrl-C lets go of it, and the hint leads to the rest: together the stored text", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const run = startInTerminal(["run", "Puppet", "Hello", "--server", server.url]);
    puppet.say("The first half, ");
    await eventually("half of it is on the screen", () => run.screen().includes("The first half, "));
    run.type(CTRL_C);
    expect(await run.ended).toBe(130);
    const hint = /holdfast (follow (\S+) --cursor (\S+) --run 1 --server \S+)/.exec(run.screen());
    const [, command = "", id = ""] = hint ?? [];
    expect(run.screen()).toContain("Detached; the run goes on.");
    puppet.say("and the second.");
    const follow = startInTerminal(command.split(" "));
    await eventually("the rest is on the screen", () => follow.screen().includes("and the second."));
    puppet.end();
    expect(await follow.ended).toBe(0);
    const history = await createHoldfastClient({ baseUrl: server.url }).history(id);
    const before = run.screen().slice(0, run.screen().indexOf("\nDetached"));
    // The line that was left is ended, and so is the last.
    expect(before.replace(/\n$/, "").replace("^C", "") + follow.screen().replace(/\n$/, "")).toBe(
      history.runs[0]!.response,
    );
  });

  it("what a step wrote and withdrew is spoken of, and what it writes then follows", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const run = startInTerminal(["run", "Puppet", "Hello", "--server", server.url], {
      environment: { NO_COLOR: "1" },
    });
    puppet.say("Wrong.");
    await eventually("it is on the screen", () => run.screen().includes("Wrong."));
    puppet.say(new AgentError("model_unavailable", "Come back later.", { retryAfterMs: 1 }));
    puppet.say("Right.");
    puppet.end();
    expect(await run.ended).toBe(0);
    expect(run.screen()).toBe(`Wrong.\n${RESTARTED}\nRight.\n`);
  });

  it("a person is asked for leave, and the answer counts", async () => {
    const pay = defineTool({
      inputSchema: z.object({ euros: z.number() }),
      needsApproval: true,
      execute: () => "paid",
    });
    const agent = turnsAgent(
      [
        ["I would pay. ", { type: "tool-call", callId: "c1", name: "pay", input: { euros: 5 } }],
        ["Thank you."],
      ],
      { tools: { pay } },
    );
    const server = await openServer({ agents: [agent.definition] });
    const run = startInTerminal(["run", "Script", "Hello", "--server", server.url]);
    await eventually("it asks", () => run.screen().includes("Allow it? [y/n]"));
    expect(run.screen()).toContain('The run waits for leave to call pay({"euros":5})');
    run.type("perhaps\r");
    await eventually("it asks again", () => run.screen().split("Allow it? [y/n]").length === 3);
    run.type("y\r");
    expect(await run.ended).toBe(0);
    expect(run.screen()).toContain("Thank you.");
  });

  it("a question that somebody else answers is withdrawn, and Ctrl-C at a question lets go", async () => {
    const pay = defineTool({ inputSchema: z.object({}), needsApproval: true, execute: () => "paid" });
    const call = { type: "tool-call", callId: "c1", name: "pay", input: {} } as const;
    const agent = turnsAgent([["First. ", call], ["Second. ", call], ["Done."]], { tools: { pay } });
    const server = await openServer({ agents: [agent.definition] });
    const started = await startRun(server, "Script");
    const follow = startInTerminal(["follow", started.conversation, "--server", server.url]);
    await eventually("it asks", () => follow.screen().includes("[y/n]"));
    const status = await statusOnce(server, started, "Suspended");
    const client = createHoldfastClient({ baseUrl: server.url });
    const { conversation: conversationId } = started;
    const approvalId = status.at("approvals.0.approval_id") as string;
    await client.approve({ agent: "Script", conversationId, approvalId, approved: true });
    await eventually("it asks for the second", () => follow.screen().split("[y/n]").length === 3);
    follow.type(CTRL_C);
    expect(await follow.ended).toBe(130);
    expect(follow.screen()).toContain("Detached; the run goes on.");
    await client.cancel({ agent: "Script", conversationId });
    await endOf(server, started);
  });

  it("notes are tinted, unless NO_COLOR says not to; pipes are not, unless FORCE_COLOR says so", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const started = await startRun(server, "Puppet");
    puppet.end();
    await endOf(server, started);
    const inspect = ["inspect", started.conversation, "--server", server.url];
    const tinted = startInTerminal(inspect);
    await tinted.ended;
    expect(tinted.screen()).toContain("\u001B[1mConversation");
    const plain = startInTerminal(inspect, { environment: { NO_COLOR: "1" } });
    await plain.ended;
    expect(plain.screen()).toContain("\nRun 1: Completed");
    const { stdout } = await runCommand(inspect);
    expect(stdout).not.toContain("\u001B");
    const forced = await runCommand(inspect, { environment: { FORCE_COLOR: "1" } });
    expect(forced.stdout).toContain("\u001B[1mConversation");
  });

  it("nothing in an answer moves the cursor or sets the title", async () => {
    const hostile = "\u001B]0;owned\u0007\u001B[2J\rfine\u009B1A";
    const server = await openServer({ agents: [scriptAgent([hostile])] });
    const started = await startRun(server, "Script");
    await endOf(server, started);
    const follow = startInTerminal(["follow", started.conversation, "--server", server.url]);
    expect(await follow.ended).toBe(0);
    expect(follow.screen()).toContain("␛]0;owned␇␛[2J");
    expect(follow.screen()).toContain("fine");
    expect(follow.screen()).not.toContain("\u001B]0;");
    expect(await storedText(server, started)).toContain("\u001B]0;owned\u0007");
  });

  it("nor in why a run was cancelled, or what the model calls its calls", async () => {
    const hostile = "\u001B]0;owned\u0007";
    const pay = defineTool({ inputSchema: z.object({}), needsApproval: true, execute: () => "paid" });
    const move = { type: "tool-call", callId: `c1;${hostile}'`, name: "pay", input: {} } as const;
    const server = await openServer({ agents: [turnsAgent([[move]], { tools: { pay } }).definition] });
    const started = await startRun(server, "Script");
    await statusOnce(server, started, "Suspended");
    const follow = startInTerminal(["follow", started.conversation, "--server", server.url]);
    await eventually("it asks", () => follow.screen().includes("[y/n]"));
    const client = createHoldfastClient({ baseUrl: server.url });
    await client.cancel({ agent: "Script", conversationId: started.conversation, reason: hostile });
    expect(await follow.ended).toBe(4);
    const inspect = startInTerminal(["inspect", started.conversation, "--server", server.url]);
    expect(await inspect.ended).toBe(0);
    for (const screen of [follow.screen(), inspect.screen()]) {
      expect(screen).toContain("]0;owned");
      expect(screen).not.toContain("\u001B]0;");
    }
  });
});
