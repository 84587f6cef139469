import { visibleLine } from "../terminal.ts";
import type { Tone } from "../terminal.ts";
import type { InspectedRun, Inspection } from "./inspection.ts";
import type { ApprovalItem, StepItem, TimelineItem, ToolItem } from "./timeline.ts";

/** A line and how it is to look. */
export interface TintedLine {
  readonly text: string;
  readonly tone: Tone;
}

/** How much of a message or an input is shown. */
const WIDTH = 100;
/** Of which all values are named `Completed`, `Failed` … in the status. */
const STATUS_TONES: Record<Inspection["status"], Tone> = {
  Pending: "warning",
  Running: "warning",
  Suspended: "warning",
  Completed: "good",
  Failed: "bad",
  Canceled: "warning",
};

/** An inspection for people: a heading, and each run with what happened in it. */
export function inspectionLines(inspection: Inspection): readonly TintedLine[] {
  const { conversationId, agent, status, createdAt, updatedAt, cursor, runs, streamKept } = inspection;
  const count = `${runs.length} ${runs.length === 1 ? "run" : "runs"}`;
  return [
    { text: `Conversation ${conversationId} of ${agent}: ${status}`, tone: "bold" },
    plain(`created ${createdAt}, written ${updatedAt}, ${count}, log up to ${cursor}`),
    ...(streamKept ? [] : [dim("The stream has expired or has not begun: what is left is the history.")]),
    ...runs.flatMap(runLines),
  ];
}

function runLines(run: InspectedRun): readonly TintedLine[] {
  const began = run.acceptedAt === undefined ? run.timeline[0]?.at : Date.parse(run.acceptedAt);
  const facts = [
    duration(run.startedAt, run.endedAt),
    run.usage && tokens(run.usage),
    run.characters === undefined ? undefined : `${run.characters} characters`,
    run.attempts === undefined || run.attempts === 1 ? undefined : `${run.attempts} attempts`,
  ].filter((fact) => fact !== undefined);
  return [
    plain(""),
    {
      text: [`Run ${run.run}: ${run.status}`, ...facts].join(", "),
      tone: STATUS_TONES[run.status],
    },
    dim(`  id ${run.id}${run.acceptedAt === undefined ? "" : `, accepted ${run.acceptedAt}`}`),
    plain(`  "${visibleLine(run.message, WIDTH)}"`),
    ...run.timeline.map((item) => itemLine(item, began ?? item.at)),
    ...(run.error ? [bad(`  ${run.error.code}: ${visibleLine(run.error.message, WIDTH)}`)] : []),
    ...(run.reason === undefined ? [] : [plain(`  reason: ${visibleLine(run.reason, WIDTH)}`)]),
  ];
}

function itemLine(item: TimelineItem, began: number): TintedLine {
  const offset = `+${((item.at - began) / 1000).toFixed(3)}`;
  const { says, tone } = wordsOf(item);
  const mark = item.voided ? "  (withdrawn)" : "";
  const text = `  ${offset.padStart(10)}  ${item.cursor.padEnd(8)}  ${says}${mark}`;
  return { text, tone: item.voided ? "dim" : tone };
}

interface Words {
  readonly says: string;
  readonly tone: Tone;
}

function wordsOf(item: TimelineItem): Words {
  switch (item.kind) {
    case "attempt":
      return { says: attemptWords(item), tone: "dim" };
    case "handed-over":
      return { says: `attempt ${item.attempt} hands over in good order`, tone: "dim" };
    case "step":
      return { says: stepWords(item), tone: "plain" };
    case "tool":
      return { says: toolWords(item), tone: toolTone(item) };
    case "approval":
      return { says: approvalWords(item), tone: item.approved === true ? "plain" : "warning" };
    case "reset":
      return {
        says: `reset of step ${item.step}: everything from ${item.from} is withdrawn (${item.reason})`,
        tone: "warning",
      };
    case "data":
      return { says: `data ${visibleLine(item.name, WIDTH)}`, tone: "plain" };
    case "end":
      return { says: item.end, tone: item.end === "run-completed" ? "good" : "bad" };
  }
}

function attemptWords({ attempt, worker }: { attempt: number; worker?: string }): string {
  return `attempt ${attempt}${worker === undefined ? "" : ` by ${visibleLine(worker, WIDTH)}`}`;
}

function stepWords(step: StepItem): string {
  const { textChunks, textCharacters, reasoningCharacters, durationMs, usage, finishReason } = step;
  const facts = [
    durationMs === undefined ? "not ended" : milliseconds(durationMs),
    textChunks === 0 ? undefined : `${textCharacters} characters in ${textChunks} chunks`,
    reasoningCharacters === 0 ? undefined : `${reasoningCharacters} characters of reasoning`,
    usage && tokens(usage),
    finishReason,
  ].filter((fact) => fact !== undefined);
  return `step ${step.step}, ${step.of}: ${facts.join(", ")}`;
}

function toolWords({ name, input, outcome, durationMs, message }: ToolItem): string {
  const call = `${visibleLine(name, WIDTH)}(${input === null ? "" : visibleLine(JSON.stringify(input), WIDTH)})`;
  const took = durationMs === undefined ? "" : ` after ${milliseconds(durationMs)}`;
  const says = message === undefined ? "" : `: ${visibleLine(message, WIDTH)}`;
  return `tool ${call} ${outcome ?? "not ended"}${took}${says}`;
}

function toolTone({ outcome }: ToolItem): Tone {
  return outcome === "succeeded" || outcome === undefined ? "plain" : "warning";
}

function approvalWords({ approvalId, name, input, approved, reason, waitedMs }: ApprovalItem): string {
  const call = `${visibleLine(name, WIDTH)}(${visibleLine(JSON.stringify(input), WIDTH)})`;
  if (approved === undefined) return `approval ${visibleLine(approvalId, WIDTH)} of ${call} waits`;
  const answer = approved ? "allowed" : "denied";
  const because = reason === undefined ? "" : `: ${visibleLine(reason, WIDTH)}`;
  return `approval of ${call} ${answer} after ${milliseconds(waitedMs ?? 0)}${because}`;
}

function tokens({ inputTokens, outputTokens }: { inputTokens: number; outputTokens: number }): string {
  return `${inputTokens} + ${outputTokens} tokens`;
}

function duration(from: string | undefined, to: string | undefined): string | undefined {
  return from === undefined || to === undefined ? undefined : milliseconds(Date.parse(to) - Date.parse(from));
}

function milliseconds(value: number): string {
  return value < 1000 ? `${value} ms` : `${(value / 1000).toFixed(1)} s`;
}

function plain(text: string): TintedLine {
  return { text, tone: "plain" };
}

function dim(text: string): TintedLine {
  return { text, tone: "dim" };
}

function bad(text: string): TintedLine {
  return { text, tone: "bad" };
}
