import { STORE_LAWS } from "../../testing/index.ts";
import { CommandError } from "../command-error.ts";
import { readEnvironment } from "../environment.ts";
import { EXIT } from "../exit-codes.ts";
import { environmentWith } from "../open-store.ts";
import type { StoreFlags } from "../open-store.ts";
import type { Terminal } from "../terminal.ts";
import { onInterrupt } from "../watch/on-interrupt.ts";
import { judgeLaw } from "./judge-law.ts";
import type { Verdict } from "./judge-law.ts";
import { openStorePlace } from "./store-place.ts";

export interface VerifyFlags extends StoreFlags {
  /** Beginnings of ids; absent: every law. */
  readonly law?: readonly string[];
  readonly json?: boolean;
}

/** Checks laws one by one and says what came of each. Gives the exit code. */
export async function verifyStore(terminal: Terminal, flags: VerifyFlags): Promise<number> {
  const laws = STORE_LAWS.filter(({ id }) => !flags.law || flags.law.some((start) => id.startsWith(start)));
  if (laws.length === 0) {
    const ids = STORE_LAWS.map(({ id }) => id).join(", ");
    throw new CommandError(`no law begins with ${flags.law?.join(" or ")}; there are ${ids}.`, EXIT.usage);
  }
  const place = await openStorePlace(readEnvironment(environmentWith(flags)));
  let stopped = false;
  const release = onInterrupt(() => {
    stopped = true;
    terminal.note(`Stopping after this law; Ctrl-C again leaves what is named ${place.name}* behind.`);
  });
  const counts: Record<Verdict["kind"], number> = { ok: 0, failed: 0, skipped: 0 };
  try {
    terminal.note(`${place.description}, under ${place.name}`);
    for (const [index, law] of laws.entries()) {
      if (stopped) break;
      terminal.progress(`[${index + 1}/${laws.length}] ${law.id}`);
      const verdict = await judgeLaw(law, place.open);
      counts[verdict.kind] += 1;
      const { id, says } = law;
      if (flags.json) await terminal.writeLine(JSON.stringify({ id, says, ...verdict }));
      else await terminal.writeLine(lineOf(terminal, `${id}: ${says}`, verdict));
    }
  } finally {
    terminal.progress("cleaning up");
    await place.clear();
    release();
  }
  terminal.note(`${counts.ok} ok, ${counts.failed} failed, ${counts.skipped} skipped`);
  if (counts.failed > 0) return EXIT.failed;
  return stopped ? EXIT.interrupted : EXIT.ok;
}

function lineOf(terminal: Terminal, law: string, verdict: Verdict): string {
  switch (verdict.kind) {
    case "ok":
      return `${terminal.tinted("ok     ", "good")} ${law} ${terminal.tinted(`(${verdict.tookMs} ms)`, "dim")}`;
    case "failed":
      return `${terminal.tinted("failed ", "bad")} ${law}\n${indented(verdict.because)}`;
    case "skipped":
      return `${terminal.tinted("skipped", "warning")} ${law}: ${verdict.because}`;
  }
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "        ");
}
