/** What the process exits with. */
export const EXIT = {
  ok: 0,
  /** It could not be done, or something is unsafe. */
  failed: 1,
  usage: 2,
  runFailed: 3,
  runCancelled: 4,
  /** The answer stops short of its end. */
  runIncomplete: 5,
  /** Ctrl-C: 128 and the number of SIGINT. */
  interrupted: 130,
  /** Whoever read our output went away: 128 and the number of SIGPIPE. */
  brokenPipe: 141,
} as const;

/** The exit codes for the help of commands that wait for an answer. */
export const RUN_EXIT_CODES = `
Exit codes: 0 the run completed · 1 could not be done · 2 wrong usage · 3 the run failed · 4 it was cancelled
  5 the answer stops short · 130 detached by Ctrl-C`;
