import type { FollowUpdate } from "../../client/index.ts";
import type { LogEvent } from "../../core/index.ts";
import { cursorOf } from "../../core/index.ts";
import { visibleText } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";
import { nothingPrinted, printAtOnce, printWhenCertain } from "./answer-text.ts";

/** Where what is followed goes. */
export interface AnswerOutput {
  take(update: FollowUpdate): Promise<void>;
  /** Before a note: it must not begin in the middle of a line. */
  readonly breakLine: () => Promise<void>;
  /** After the last; a terminal gets the end of its line. */
  end(): Promise<void>;
  /** Where somebody goes on who has exactly what was put out; undefined: from the beginning. */
  readonly cursor: string | undefined;
}

export interface AnswerOutputOptions {
  readonly terminal: Terminal;
  readonly json: boolean;
  /** Where the reading began. */
  readonly cursor: string | undefined;
}

export function createAnswerOutput(options: AnswerOutputOptions): AnswerOutput {
  return options.json ? createJsonOutput(options) : createTextOutput(options);
}

/** An entry as a line of JSON, as the server's own NDJSON has it. */
export function jsonLine(event: LogEvent): string {
  const { v: _version, attempt: _attempt, seq: _seq, ...rest } = event;
  return `${JSON.stringify({ event: event.type, cursor: cursorOf(event), ...rest })}\n`;
}

function createJsonOutput({ terminal, cursor }: AnswerOutputOptions): AnswerOutput {
  let newest = cursor;
  return {
    async take(update) {
      await terminal.write(jsonLine(update.event));
      newest = update.cursor;
    },
    breakLine: async () => {},
    end: async () => {},
    get cursor() {
      return newest;
    },
  };
}

function createTextOutput({ terminal, cursor }: AnswerOutputOptions): AnswerOutput {
  const print = terminal.shows ? printAtOnce : printWhenCertain;
  let printed = nothingPrinted(cursor);
  let midLine = false;

  async function put(text: string): Promise<void> {
    if (text === "") return;
    await terminal.write(terminal.shows ? visibleText(text) : text);
    midLine = !text.endsWith("\n");
  }

  async function breakLine(): Promise<void> {
    if (terminal.shows && midLine) await put("\n");
  }

  return {
    async take(update) {
      const { text, withdraws, anotherRun, printed: next } = print(printed, update);
      if (withdraws) {
        await breakLine();
        await terminal.writeLine(terminal.tinted(RESTARTED, "dim"));
      }
      // Runs are told apart by a blank line on a terminal; in a file each begins a line.
      if (anotherRun) await put(`${midLine ? "\n" : ""}${terminal.shows ? "\n" : ""}`);
      await put(text);
      printed = next;
    },
    breakLine,
    end: breakLine,
    get cursor() {
      return printed.cursor;
    },
  };
}

/** What is said where the text goes back to the beginning of its step. */
export const RESTARTED = "[The answer was interrupted; what this step wrote is withdrawn and written anew:]";
