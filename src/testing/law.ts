/**
 * One promise of a port, as data: which law it belongs to, what it says, and how to check it. Laws know no test runner;
 * an adapter's test runs each under its own name.
 */
export interface Law<Subject> {
  /** The law of SPEC.md, and a word of its own: `L4.repeat`. */
  readonly id: string;
  /** A sentence of behaviour. */
  readonly says: string;
  /**
   * Rejects when the subject breaks the law. Opens what it needs and closes it again. Gives the reason when it could not
   * be checked, for want of something that the subject does not have.
   */
  check(open: OpenSubject<Subject>): Promise<Skipped | undefined | void>;
}

/** Why a law was not checked. */
export interface Skipped {
  readonly skipped: string;
}

/** Gives a fresh subject with nothing in it; the laws never share one. */
export type OpenSubject<Subject> = (options?: SubjectOptions) => Promise<Subject>;

export interface SubjectOptions {
  readonly streamTtlMs?: number;
  readonly historyTtlMs?: number;
}

/** Waits until a condition holds. Rejects, saying what was waited for, after a limit. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs: number = 10_000,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited ${limitMs} ms in vain: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
