import { EXIT } from "./exit-codes.ts";

/** What ends a command, in words for the person who gave it: one line without a stack. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.name = "CommandError";
    this.exitCode = exitCode;
  }
}
