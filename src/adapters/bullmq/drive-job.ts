import { DelayedError, WaitingError } from "bullmq";
import type { Job } from "bullmq";
import type { ConversationId } from "../../core/index.ts";
import type { Drive } from "../../ports/index.ts";
import { followUp } from "../local/follow-up.ts";
import type { DriveOutcome, LiveDrives } from "../local/live-drives.ts";
import type { LockKeeper } from "./lock-keeper.ts";
import { wakeData } from "./wake-queue.ts";
import type { WakeData, WakeQueue } from "./wake-queue.ts";

/** When a job is looked at again whose conversation this process is still letting go of, in milliseconds. */
const LET_GO_MS = 250;

export interface DriveJobOptions {
  readonly drive: Drive;
  readonly live: LiveDrives;
  readonly locks: LockKeeper;
  readonly queue: WakeQueue;
  /** Whether the process is stopping and begins no drives. */
  readonly stopping: () => boolean;
  readonly onError: (error: unknown, id: ConversationId) => void;
}

/** Makes a processor of wake jobs: one job is one drive and the arrangements for the next. */
export function createDriveJob(
  options: DriveJobOptions,
): (job: Job<unknown, void>, token: string) => Promise<void> {
  const { live, queue, onError } = options;

  async function driveJob(job: Job<unknown, void>, token: string): Promise<void> {
    const { id, failures } = wakeData(job.data);
    if (options.stopping()) {
      await job.moveToWait(token);
      throw new WaitingError();
    }
    if (live.has(id)) {
      // The job was taken from this process while it slept, has come back, and the drive of then has not ended yet.
      await job.moveToDelayed(Date.now() + LET_GO_MS, token);
      throw new DelayedError();
    }
    await holdAndDrive(job, token, { id, failures });
  }

  async function holdAndDrive(job: Job<unknown, void>, token: string, data: WakeData): Promise<void> {
    const drive = live.begin(data.id, options.drive);
    let lost = false;
    const release = options.locks.keep({
      jobId: job.id ?? "",
      token,
      since: job.processedOn ?? Date.now(),
      lose() {
        lost = true;
        const reason = new Error("The lock of the conversation ran out: another process may be driving it.");
        drive.abort(reason);
        onError(reason, data.id);
      },
    });
    try {
      const outcome = await drive.outcome;
      if (outcome.kind === "threw") onError(outcome.error, data.id);
      // Whoever has the job now arranges what comes next. This error leaves the job alone.
      if (lost) throw new WaitingError();
      await arrange(data, outcome);
    } finally {
      release();
    }
  }

  async function arrange({ id, failures }: WakeData, outcome: DriveOutcome): Promise<void> {
    const next = followUp(outcome, { failures, now: Date.now(), random: Math.random() });
    if (next.kind === "now") await queue.wake({ id, failures: 0 });
    if (next.kind !== "at") return;
    if (next.moment <= Date.now()) await queue.wake({ id, failures: next.failures });
    else await queue.wakeAt({ id, failures: next.failures, moment: Math.ceil(next.moment) });
  }

  return driveJob;
}
