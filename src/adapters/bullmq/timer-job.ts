import { DelayedError } from "bullmq";
import type { Job } from "bullmq";
import { TIMER_HORIZON_MS, timerData } from "./wake-queue.ts";
import type { WakeQueue } from "./wake-queue.ts";

/** Makes a processor of timer jobs: each wakes its conversation when its moment has come by the clock of this process. */
export function createTimerJob(queue: WakeQueue): (job: Job<unknown, void>, token: string) => Promise<void> {
  return async (job, token) => {
    const { id, failures, moment } = timerData(job.data);
    const now = Date.now();
    if (now < moment) {
      await job.moveToDelayed(Math.min(moment, now + TIMER_HORIZON_MS), token);
      throw new DelayedError();
    }
    await queue.wake({ id, failures });
  };
}
