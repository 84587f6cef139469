import type { Law, OpenSubject } from "../../testing/index.ts";

/** What came of checking a law. */
export type Verdict =
  | { readonly kind: "ok"; readonly tookMs: number }
  | { readonly kind: "failed"; readonly tookMs: number; readonly because: string }
  | { readonly kind: "skipped"; readonly because: string };

/** Checks a law. Never rejects: whatever goes wrong is a failure of the subject. */
export async function judgeLaw<Subject>(law: Law<Subject>, open: OpenSubject<Subject>): Promise<Verdict> {
  const began = performance.now();
  const tookMs = (): number => Math.round(performance.now() - began);
  try {
    const skipped = await law.check(open);
    return skipped ? { kind: "skipped", because: skipped.skipped } : { kind: "ok", tookMs: tookMs() };
  } catch (error) {
    return {
      kind: "failed",
      tookMs: tookMs(),
      because: error instanceof Error ? error.message : String(error),
    };
  }
}
