import { applyEvent, comesNext, cursorOf, fenced, foldRun, START } from "../core/index.ts";
import type { Conversation, LogEvent, Message, RunOptions } from "../core/index.ts";
import type { DriveTask, Opening } from "../ports/index.ts";
import { absentAgent } from "./absent-agent.ts";
import type { Agent } from "./agent.ts";
import { createCallbackQueue } from "./callbacks.ts";
import type { CallbackQueue, ResponseContext } from "./callbacks.ts";
import { loadRun } from "./load-run.ts";
import type { LoadedRun } from "./load-run.ts";
import { createLogWriter } from "./log-writer.ts";
import type { LogWriter } from "./log-writer.ts";
import { createRunMeter, isRecovery } from "./run-metrics.ts";
import type { Runtime } from "./runtime.ts";

/** One worker's hold on a conversation while one run proceeds. */
export interface Attempt {
  readonly runtime: Runtime;
  readonly task: DriveTask;
  readonly agent: Agent;
  readonly writer: LogWriter;
  readonly callbacks: CallbackQueue;
  /** What was said in the conversation before this run. */
  readonly earlier: readonly Message[];
  /** The entry after which this run's entries begin. */
  readonly settled: Conversation["settled"];
  /** How often the open model step has been tried. */
  modelTries: number;
}

/** What a worker has once it has taken hold. */
export interface Beginning {
  /** The run as it was looked at before. */
  readonly loaded: LoadedRun;
  readonly start: LogEvent;
  /** What was stored together with `start`. */
  readonly opening: Opening | undefined;
  readonly earlier: readonly Message[];
}

/** What a worker works with once it has taken hold. Throws `fenced` when another has meanwhile. */
export async function beginAttempt(
  runtime: Runtime,
  task: DriveTask,
  beginning: Beginning,
): Promise<Attempt> {
  const { loaded, start, opening, earlier } = beginning;
  const { conversation, state } = comesNext(start, loaded.position)
    ? { ...loaded, state: applyEvent(loaded.state, start) }
    : await reload(runtime, task, start);
  const opened = opening?.events ?? [];
  const agent = runtime.agents.find(conversation.agent) ?? absentAgent(conversation.agent);
  const callbacks = createCallbackQueue(
    [runtime.callbacks, agent.callbacks],
    () => contextOf(writer, task),
    runtime.logger,
  );
  const meter = createRunMeter(runtime.metrics, agent, state);
  if (isRecovery(state)) {
    runtime.metrics.runRecovered(agent.name);
    runtime.logger.warn(
      { conversation: task.id, attempt: start.attempt },
      "a run that another worker left goes on",
    );
  }
  const { logger } = runtime;
  const { id } = task;
  const { hearsUpdates } = callbacks;
  const onStored = (events: readonly LogEvent[]): void => {
    logger.debug({ conversation: id, entries: events.length }, "entries stored");
    // As most of what is stored: there is nothing more to tell of it.
    if (!hearsUpdates && events.every(isToken)) return;
    meter.count(events);
    for (const event of events) {
      if (event.type === "run-start") {
        const { id: run, agent: name } = event;
        logger.info({ conversation: id, run, agent: name }, "a run begins");
      }
      callbacks.update(event);
    }
  };
  const writer = createLogWriter({
    store: runtime.store,
    id: task.id,
    state: foldRun(opened, state),
    stored: [start, ...opened],
    taken: opening?.takes,
    now: runtime.now,
    metrics: runtime.metrics,
    signal: task.signal,
    windowMs: runtime.limits.appendWindowMs,
    onStored,
  });
  onStored(opened);
  return {
    runtime,
    task,
    agent,
    writer,
    callbacks,
    earlier,
    settled: conversation.settled,
    modelTries: 0,
  };
}

function isToken({ type }: LogEvent): boolean {
  return type === "text-delta" || type === "reasoning-delta";
}

/** The run as another worker left it between our look and our taking hold. */
async function reload(runtime: Runtime, task: DriveTask, start: LogEvent): Promise<LoadedRun> {
  const loaded = await loadRun(runtime.store, task.id);
  // Yet another took hold between our taking hold and our reading: its attempt is not ours to write.
  if (loaded.position !== cursorOf(start)) throw fenced();
  return loaded;
}

/** What was said in a conversation before the run under way, or the one that is to begin. */
export async function messagesBefore(
  { store }: Runtime,
  { id, settled }: Conversation,
): Promise<readonly Message[]> {
  if (settled === START) return [];
  const history = await store.history(id);
  return history.flatMap((record) => record.messages);
}

function contextOf(writer: LogWriter, task: DriveTask): ResponseContext | undefined {
  const { start } = writer.state;
  return (
    start && {
      agentName: start.agent,
      conversationId: task.id,
      correlationId: start.id,
      requestMessage: start.input,
    }
  );
}

/** A run that wants no tools has none: a model may call what it was not offered. */
export function toolsFor(agent: Agent, options: RunOptions): Agent["tools"] {
  return options.enableToolCalls === false ? {} : agent.tools;
}
