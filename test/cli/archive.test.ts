import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createRedisStore } from "../../src/adapters/redis/index.ts";
import { createSqliteStore } from "../../src/adapters/sqlite/index.ts";
import { archiveLines } from "../../src/cli/archive/archive-lines.ts";
import { readArchives } from "../../src/cli/archive/read-archive.ts";
import { takeSnapshot } from "../../src/cli/archive/take-snapshot.ts";
import { AgentError, randomConversationId } from "../../src/core/index.ts";
import type { ConversationId } from "../../src/core/index.ts";
import type { ConversationStore } from "../../src/ports/index.ts";
import { call, endOf, startRun } from "../support/api.ts";
import { openServer } from "../support/holdfast-server.ts";
import { startRedisServer } from "../support/redis-server.ts";
import type { RedisServer } from "../support/redis-server.ts";
import { createPuppet, turnsAgent } from "../support/test-agents.ts";
import { runCommand } from "./cli-command.ts";

const HOSTILE = 'line\n\u2028\u2029 "quotes" \\ 東京 🍣 data: [DONE]';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedisServer();
});
afterAll(() => redis.stop());

async function dataDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-archive-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Two runs, the first with a step that was withdrawn and written anew; the server has let go of the store. */
async function conversationIn(store: ConversationStore): Promise<ConversationId> {
  const agent = turnsAgent([
    ["Wrong", new AgentError("model_unavailable", "Come back later.", { retryAfterMs: 1 })],
    ["Right. ", HOSTILE],
    ["Again."],
  ]);
  const server = await openServer({ agents: [agent.definition], store });
  const first = await startRun(server, "Script", { message: HOSTILE, metadata: { z: 1, a: { z: 1, a: 2 } } });
  await endOf(server, first);
  const body = { message: "And?", conversation_id: first.conversation };
  await endOf(server, await startRun(server, "Script", body));
  await call(server, "POST", `${first.statusPath}/cancel`, {});
  await server.stop();
  return first.conversation as ConversationId;
}

async function archiveOf(store: ConversationStore, id: ConversationId): Promise<string> {
  return [...archiveLines(await takeSnapshot(store, id, () => {}))].join("");
}

describe("a conversation that is exported and imported", () => {
  it("is the same to the byte from SQLite to Redis and back, and goes on with its cursors", async () => {
    const [from, to] = [await dataDirectory(), await dataDirectory()];
    const id = await conversationIn(await createSqliteStore({ directory: from }));
    const inSqlite = await runCommand(["export", id, "--data", from]);
    expect(inSqlite).toMatchObject({ code: 0 });
    expect(inSqlite.stderr).toMatch(new RegExp(`^Exported ${id}: \\d+ entries, 2 runs.\n$`));
    const intoRedis = await runCommand(["import", "--redis", redis.url], { input: inSqlite.stdout });
    expect(intoRedis).toMatchObject({ code: 0, stdout: "" });
    const inRedis = await runCommand(["export", id, "--redis", redis.url]);
    expect(inRedis.stdout).toBe(inSqlite.stdout);
    const file = join(to, "conversation.ndjson");
    await writeFile(file, inRedis.stdout);
    expect(await runCommand(["import", file, "--data", join(to, "data")])).toMatchObject({ code: 0 });
    expect((await runCommand(["export", id, "--data", join(to, "data")])).stdout).toBe(inSqlite.stdout);

    const [before, after] = await Promise.all([
      createSqliteStore({ directory: from }),
      createRedisStore({ connection: redis.url }),
    ]);
    const { updatedAt: _then, ...conversation } = (await before.conversation(id))!;
    expect(await after.conversation(id)).toMatchObject(conversation);
    expect(conversation.voided).toHaveLength(1);
    expect(await after.history(id)).toEqual(await before.history(id));
    await before.close();
    const server = await openServer({ agents: [turnsAgent([["On."]]).definition], store: after });
    const next = await startRun(server, "Script", { message: "Go on.", conversation_id: id });
    await endOf(server, next);
    const stream = `/api/agent/stream/${id}?cursor=${conversation.tip}`;
    const { body } = await call(server, "GET", stream, undefined, { accept: "application/x-ndjson" });
    expect(String(body)).toContain('"text":"On."');
    await after.delete(id);
  });

  it("is refused where its id is taken, and while a run of it is under way", async () => {
    const directory = await dataDirectory();
    const id = await conversationIn(await createSqliteStore({ directory }));
    const { stdout } = await runCommand(["export", id, "--data", directory]);
    const again = await runCommand(["import", "--data", directory], { input: stdout });
    expect(again.code).toBe(1);
    expect(again.stderr).toContain(`there is a conversation ${id}`);
    const puppet = createPuppet();
    const live = await openServer({
      agents: [puppet.definition],
      store: await createSqliteStore({ directory }),
    });
    const started = await startRun(live, "Puppet");
    const refused = await runCommand(["export", started.conversation, "--data", directory]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("under way or waiting");
    const beside = await runCommand(["export", id, "--data", directory]);
    expect(beside.stdout).toBe(stdout);
    const locked = await runCommand(["import", "--data", directory], { input: stdout });
    expect(locked.code).toBe(1);
    expect(locked.stderr).toContain("is in use by");
  });

  it("is not found where there is none", async () => {
    const directory = await dataDirectory();
    const none = await runCommand(["export", "nowhere", "--data", directory]);
    expect(none).toMatchObject({ code: 1, stdout: "" });
    const store = await createSqliteStore({ directory });
    await store.close();
    expect(await runCommand(["export", "nowhere", "--data", directory])).toMatchObject({
      code: 1,
      stderr: "holdfast: There is no conversation nowhere.\n",
    });
    const both = await runCommand(["export", "x", "--data", directory, "--redis", redis.url]);
    expect(both.code).toBe(2);
    const missing = await runCommand(["import", join(directory, "missing"), "--data", directory]);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/missing cannot be read/);
    const empty = await runCommand(["import", "--data", directory], { input: "\n" });
    expect(empty).toMatchObject({ code: 1, stderr: "holdfast: the archive is empty.\n" });
  });
});

describe("an archive", () => {
  async function linesOf(): Promise<readonly string[]> {
    const directory = await dataDirectory();
    const id = await conversationIn(await createSqliteStore({ directory }));
    const store = await createSqliteStore({ directory, readOnly: true });
    const text = await archiveOf(store, id);
    await store.close();
    return text.trimEnd().split("\n");
  }

  async function read(lines: readonly string[]): Promise<number> {
    async function* given(): AsyncGenerator<string> {
      yield* lines;
    }
    let count = 0;
    for await (const { entries } of readArchives(given())) if (entries.length > 0) count += 1;
    return count;
  }

  it("is read alone or with others after it, and refused with the line when it is not what was written", async () => {
    const lines = await linesOf();
    expect(await read(lines)).toBe(1);
    expect(await read([...lines, ...lines])).toBe(2);
    const changed = (index: number, from: string, to: string): readonly string[] =>
      lines.map((line, at) => (at === index ? line.replace(from, to) : line));
    const entry = lines.findIndex((line) => line.includes('"text-delta"'));
    const broken: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /the archive is empty/],
      [lines.slice(0, -1), /breaks off after line \d+/],
      [lines.slice(1), /line 1 of the archive is not the beginning/],
      [lines.filter((_line, index) => index !== entry), /said to end \d+ entries/],
      [changed(0, '"version":1', '"version":2'), /of version 2 of the format; this Holdfast reads up to 1/],
      [changed(0, '"runs":2', '"runs":0'), /line 1 .* runs/],
      [changed(0, '"tip":"', '"tip":"x'), /line 1 .* cursor is malformed/],
      [changed(entry, '"text-delta"', '"text-gamma"'), /a kind that this Holdfast does not know/],
      [changed(entry, '"cursor":"1-', '"cursor":"9-'), /entries are missing between/],
      [changed(entry, "{", "["), /is not a JSON object/],
      [changed(entry, '"delta":"', '"delta":"\\r\\rid: 9-9'), /a text with a carriage return/],
    ];
    for (const [text, message] of broken) await expect(read(text)).rejects.toThrow(message);
  });

  it("of a long conversation is stored whole in Redis, in one step", async () => {
    const entries = 2_000;
    const store = await createRedisStore({ connection: redis.url, keyPrefix: "long:" });
    onTestFinished(() => store.close());
    const directory = await dataDirectory();
    const long = await createSqliteStore({ directory });
    const id = randomConversationId();
    const words = Array.from({ length: entries }, (_, index) => `${index} `);
    const server = await openServer({ agents: [turnsAgent([words]).definition], store: long });
    const started = await startRun(server, "Script", { message: "Count.", conversation_id: id });
    await endOf(server, started);
    const snapshot = await takeSnapshot(long, id, () => {});
    expect(await store.restore?.(snapshot)).toBe(true);
    expect(await archiveOf(store, id)).toBe(await archiveOf(long, id));
  });
});
