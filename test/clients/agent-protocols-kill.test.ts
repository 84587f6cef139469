import { HttpAgent } from "@ag-ui/client";
import { expect, it, onTestFinished } from "vitest";
import { createDurableFetch } from "../../src/client/index.ts";
import { eventually } from "../../src/testing/index.ts";
import type { TaskUpdate } from "../projections/render-task.ts";
import { call } from "../support/api.ts";
import { openCluster } from "../support/cluster.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { chunkPlace, openUpstream } from "../support/upstream.ts";
import { AGENT } from "../support/upstream-wire.ts";
import { collect, createA2a, renderTask, said } from "./a2a-client.ts";
import { agUiText } from "./ag-ui-client.ts";
import { MCP_CLIENTS, openMcp } from "./mcp-clients.ts";

// Real processes on a real Redis: clients stay connected to one that only answers, while the one that runs the agents is
// killed in the middle of its text.

const CHUNKS = 6;
/** So many chunks are shown when the worker is killed. */
const SHOWN = 3;

it("kill -9 of the worker in mid-text: A2A, AG-UI and MCP clients have the stored text in the end", async () => {
  const upstream = await openUpstream({ turns: () => [{ chunks: CHUNKS }] });
  onTestFinished(() => upstream.close());
  const cluster = await openCluster({ store: "redis", workers: 1, apiNodes: 1, upstream: upstream.url });
  onTestFinished(() => cluster.close());
  const { url } = cluster.apis[0]!;
  const threads = ["a2a", "a2a-durable", "ag-ui", "ag-ui-durable", "mcp-1", "mcp-2"] as const;
  const holds = threads.map((id) => upstream.hold(chunkPlace(id, 1, 0, SHOWN)));

  const a2a: TaskUpdate[] = [];
  const durableA2a: TaskUpdate[] = [];
  const a2aReadings = [
    collect((await createA2a(url)).sendMessageStream(said("Go.", { contextId: "a2a" })), a2a),
    collect(
      (await createA2a(url, createDurableFetch())).sendMessageStream(
        said("Go.", { contextId: "a2a-durable" }),
      ),
      durableA2a,
    ),
  ];
  const durable = createDurableFetch();
  const agents = (["ag-ui", "ag-ui-durable"] as const).map((threadId) => {
    const options =
      threadId === "ag-ui" ? {} : { fetch: (to: string, init: RequestInit) => durable(to, init) };
    return new HttpAgent({
      url: `${url}/ag-ui/${AGENT}`,
      threadId,
      initialMessages: [{ id: "u1", role: "user", content: "Go." }],
      ...options,
    });
  });
  const agentReadings = agents.map((agent) => agent.runAgent());
  const heard: string[][] = [[], []];
  const calls = await Promise.all(
    MCP_CLIENTS.map(async (name, index) => {
      const client = await openMcp(name, url);
      return {
        answer: client.call(
          AGENT,
          { query: "Go.", threadId: `mcp-${index + 1}` },
          { onprogress: ({ message = "" }) => void heard[index]!.push(message) },
        ),
      };
    }),
  );

  await eventually("all calls have come to the place", () => holds.every(({ arrived }) => arrived === 1));
  const shown = (): readonly string[] => [
    renderTask(a2a).text,
    renderTask(durableA2a).text,
    ...agents.map(agUiText),
    ...heard.map((each) => each.join("")),
  ];
  await eventually("half of each answer is shown", () =>
    shown().every((text) => text.includes(`#1.${SHOWN - 2}`)),
  );
  await cluster.workers[0]!.kill("SIGKILL");
  for (const hold of holds) hold.release();
  await cluster.startWorker();

  expect(await Promise.all(a2aReadings)).toEqual(["ended", "ended"]);
  await Promise.all(agentReadings);
  const answers = await Promise.all(calls.map(({ answer }) => answer));
  const texts = await Promise.all(
    threads.map(async (id) => {
      const history = await call({ url } as TestServer, "GET", `/api/conversations/${id}`);
      return history.at("runs.0.response");
    }),
  );
  const told = [
    renderTask(a2a).text,
    renderTask(durableA2a).text,
    ...agents.map(agUiText),
    ...answers.map(({ text }) => text),
  ];
  expect(told).toEqual(texts);
  for (const text of told) expect(text).toContain("#2.");
  // What a notification has said stays said; it is told where the text begins again.
  for (const each of heard) expect(each.join("")).toMatch(/#1\.[^]*begins again[^]*#2\./);
}, 60_000);
