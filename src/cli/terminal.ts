import { once } from "node:events";
import { styleText } from "node:util";
import { EXIT } from "./exit-codes.ts";

/** A style of `styleText`, by what it means here. */
export type Tone = "plain" | "dim" | "bold" | "good" | "warning" | "bad";

/** The process's own streams, as commands use them. */
export interface Terminal {
  /** Whether answers go to a person's eyes, and not into a file or another program. */
  readonly shows: boolean;
  /** Whether a person reads the notes. */
  readonly notes: boolean;
  /** Whether a person can be asked. */
  readonly asks: boolean;
  /** Writes to stdout; resolves when there is room for more. */
  write(text: string): Promise<void>;
  writeLine(text?: string): Promise<void>;
  /** A line on stderr, with whatever a server, a model or a person has put into it made visible. */
  note(text: string, tone?: Tone): void;
  /** A line on stderr that is of no use in a log. */
  aside(text: string): void;
  /** A line on stderr that the next one replaces; nothing where that cannot be done. */
  progress(text: string): void;
  /** A text for stdout in a tone, where stdout shows colours (NO_COLOR and FORCE_COLOR are heeded). */
  tinted(text: string, tone: Tone): string;
}

export function createTerminal({ stdin, stdout, stderr }: typeof process): Terminal {
  let progressing = false;
  for (const stream of [stdout, stderr]) stream.on("error", endOnBrokenPipe);

  function clearProgress(): void {
    if (progressing) stderr.write("\r\u001B[K");
    progressing = false;
  }

  async function write(text: string): Promise<void> {
    clearProgress();
    if (!stdout.write(text)) await once(stdout, "drain");
  }

  function note(text: string, tone: Tone = "plain"): void {
    clearProgress();
    stderr.write(`${tint(visibleText(text), tone, stderr)}\n`);
  }

  return {
    shows: stdout.isTTY,
    notes: stderr.isTTY,
    asks: stdin.isTTY && stderr.isTTY,
    write,
    writeLine: (text = "") => write(`${text}\n`),
    note,
    aside: (text) => void (stderr.isTTY && note(text, "dim")),
    progress(text) {
      if (!stderr.isTTY) return;
      stderr.write(`\r\u001B[K${tint(visibleText(text), "dim", stderr)}`);
      progressing = true;
    },
    tinted: (text, tone) => tint(text, tone, stdout),
  };
}

/**
 * Text of a model or a tool as a terminal may show it: its control characters, which could move the cursor, set the title
 * or answer a question in the user's place, become pictures of themselves.
 */
export function visibleText(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => {
    if (character === "\n" || character === "\t") return character;
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(CONTROL_PICTURES + code);
    return code === 0x7f ? "\u2421" : "\uFFFD";
  });
}

/** The same on one line, cut to a width. */
export function visibleLine(text: string, width: number): string {
  const line = visibleText(text.replaceAll(/\s+/g, " ").trim());
  const characters = Array.from(line);
  return characters.length <= width ? line : `${characters.slice(0, width - 1).join("")}…`;
}

/** A word of a command that people copy into their shell: what a shell would read into it is quoted. */
export function shellWord(text: string): string {
  return /^[\w.:@~/-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

const CONTROL_PICTURES = 0x2400;

const FORMATS = { dim: "dim", bold: "bold", good: "green", warning: "yellow", bad: "red" } as const;

function tint(text: string, tone: Tone, stream: NodeJS.WriteStream): string {
  return tone === "plain" ? text : styleText(FORMATS[tone], text, { stream });
}

/** `holdfast … | head` is no mistake: nobody reads any more, so there is nothing left to do. */
function endOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(EXIT.brokenPipe);
}
