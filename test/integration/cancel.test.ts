import { describe, expect, it } from "vitest";
import { call, endOf, startRun, statusOnce } from "../support/api.ts";
import { openServer, STORE_KINDS } from "../support/holdfast-server.ts";
import { rawAnswer } from "../support/raw-client.ts";
import { openStream, readStream, renderedText } from "../support/stream-reader.ts";
import { eventually } from "../../src/testing/index.ts";
import { createPuppet, scriptAgent } from "../support/test-agents.ts";

describe.each(STORE_KINDS)("a cancel on the %s store", (store) => {
  it("ends a run in the middle of its answer, which keeps what was said", async () => {
    const puppet = createPuppet();
    const server = await openServer({ store, agents: [puppet.definition] });
    const run = await startRun(server, "Puppet");
    const stream = await openStream(server.port, run.streamPath);
    puppet.say("half ");
    await eventually("the half", () => stream.events.length === 1);
    const answer = await call(server, "POST", `${run.statusPath}/cancel`, { reason: "changed my mind" });
    expect(answer.status).toBe(202);
    expect(await stream.ending).toBe("graceful");
    expect(stream.events.at(-1)!.event).toBe("done");
    const status = await endOf(server, run);
    expect(status.body).toMatchObject({
      status: "Canceled",
      response: "half ",
      runs: [{ status: "Canceled", reason: "changed my mind" }],
    });
    await eventually("the model is left", () => puppet.busy === 0);
    const plain = await rawAnswer(server.port, { path: run.streamPath, headers: { accept: "text/plain" } });
    expect(plain.text).toBe("half \n");
  });

  it("reaches those that wait, and leaves those that come after", async () => {
    const puppet = createPuppet();
    const server = await openServer({ store, agents: [puppet.definition] });
    const run = await startRun(server, "Puppet");
    const body = { message: "m", thread_id: run.conversation };
    const queued = await startRun(server, "Puppet", body);
    await statusOnce(server, run, "Running");
    await call(server, "POST", `${run.statusPath}/cancel`);
    const later = await startRun(server, "Puppet", body);
    puppet.say("for the later one");
    puppet.end();
    expect((await statusOnce(server, run, "Completed")).at("runs")).toMatchObject([
      { run: 1, status: "Canceled", response: "" },
      { run: queued.run, status: "Canceled", response: "" },
      { run: later.run, status: "Completed", response: "for the later one" },
    ]);
    for (const ordinal of [1, 2]) {
      const one = await readStream(server.port, `${run.streamPath}?run=${ordinal}`);
      expect(one).toMatchObject({ ended: "graceful", events: [{ event: "done" }] });
    }
    const whole = await readStream(server.port, run.streamPath);
    expect(renderedText(whole.events)).toBe("for the later one");
  });

  it("twice is as good as once, and after the end it changes nothing", async () => {
    const puppet = createPuppet();
    const server = await openServer({ store, agents: [puppet.definition, scriptAgent(["done"])] });
    const run = await startRun(server, "Puppet");
    const paths = Array.from({ length: 4 }, () => `${run.statusPath}/cancel`);
    const answers = await Promise.all(paths.map((path) => call(server, "POST", path)));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    await statusOnce(server, run, "Canceled");
    expect((await call(server, "POST", paths[0]!)).at("status")).toBe("Canceled");

    const next = await startRun(server, "Puppet", { message: "m", thread_id: run.conversation });
    puppet.say("not cancelled");
    puppet.end();
    expect((await statusOnce(server, next, "Completed")).at("response")).toBe("not cancelled");

    const finished = await startRun(server, "Script");
    await endOf(server, finished);
    const late = await call(server, "POST", `${finished.statusPath}/cancel`);
    expect(late).toMatchObject({ status: 202, body: { status: "Completed", response: "done" } });
  });
});
