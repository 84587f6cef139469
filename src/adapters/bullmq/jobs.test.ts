import type { Job } from "bullmq";
import { expect, test } from "vitest";
import { randomConversationId } from "../../core/index.ts";
import { createLiveDrives } from "../local/live-drives.ts";
import { createDriveJob } from "./drive-job.ts";
import { createTimerJob } from "./timer-job.ts";
import { TIMER_HORIZON_MS } from "./wake-queue.ts";
import type { WakeQueue } from "./wake-queue.ts";

const id = randomConversationId();

test("a timer that fires before its moment, by the clock of this process, is set again", async () => {
  const { queue, done } = recordingQueue();
  const moment = Date.now() + 2 * TIMER_HORIZON_MS;
  const job = recordingJob({ id, failures: 0, moment }, done);
  await expect(createTimerJob(queue)(job, "token")).rejects.toThrow("Delayed");
  expect(done).toHaveLength(1);
  expect(done[0]?.[0]).toBe("moveToDelayed");
  expect(Number(done[0]?.[1])).toBeLessThanOrEqual(Date.now() + TIMER_HORIZON_MS);
});

test("a timer whose moment has come wakes, and keeps the count of failures", async () => {
  const { queue, done } = recordingQueue();
  await createTimerJob(queue)(recordingJob({ id, failures: 3, moment: Date.now() }, done), "token");
  expect(done).toEqual([["wake", { id, failures: 3 }]]);
});

test("a stopping process gives back the job that was on its way to it", async () => {
  const { done, driveJob } = setUp({ stopping: true });
  await expect(driveJob(recordingJob({ id, failures: 0 }, done), "token")).rejects.toThrow();
  expect(done).toEqual([["moveToWait", "token"]]);
});

test("a process that has not let go of a conversation yet looks at its job again later", async () => {
  const { done, live, driveJob } = setUp({ stopping: false });
  live.begin(id, () => new Promise(() => undefined));
  await expect(driveJob(recordingJob({ id, failures: 0 }, done), "token")).rejects.toThrow("Delayed");
  expect(done.map(([what]) => what)).toEqual(["moveToDelayed"]);
});

test("a drive that lost its lock arranges nothing: whoever has the job now does", async () => {
  const { done, driveJob, told } = setUp({ stopping: false, lose: true });
  await expect(driveJob(recordingJob({ id, failures: 0 }, done), "token")).rejects.toThrow();
  expect(done).toEqual([]);
  expect(told).toEqual([id]);
});

test("a job that carries no conversation is not tried again", async () => {
  const { done, driveJob } = setUp({ stopping: false });
  await expect(driveJob(recordingJob({ nonsense: 1 }, done), "token")).rejects.toMatchObject({
    name: "UnrecoverableError",
  });
});

type Done = unknown[][];

function setUp({ stopping, lose = false }: { readonly stopping: boolean; readonly lose?: boolean }) {
  const { queue, done } = recordingQueue();
  const told: unknown[] = [];
  const live = createLiveDrives(() => undefined);
  const driveJob = createDriveJob({
    live,
    queue,
    drive: async () => ({ state: "more" }),
    locks: {
      keep(lock) {
        if (lose) lock.lose();
        return () => undefined;
      },
    },
    stopping: () => stopping,
    onError: (_error, of) => told.push(of),
  });
  return { done, live, driveJob, told };
}

function recordingQueue(): { readonly queue: WakeQueue; readonly done: Done } {
  const done: Done = [];
  const queue: WakeQueue = {
    wake: async (data) => void done.push(["wake", data]),
    wakeAt: async (data) => void done.push(["wakeAt", data]),
    close: async () => undefined,
  };
  return { queue, done };
}

function recordingJob(data: unknown, done: Done): Job<unknown, void> {
  const record =
    (name: string) =>
    async (...call: unknown[]): Promise<void> =>
      void done.push([name, ...call]);
  const job = { id: "1", data, moveToDelayed: record("moveToDelayed"), moveToWait: record("moveToWait") };
  return job as unknown as Job<unknown, void>;
}
