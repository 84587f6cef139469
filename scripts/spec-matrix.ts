import { matrixTable } from "../test/matrix/cells.ts";

/** Prints the matrix of faults and phases that is tested, for SPEC.md. */
process.stdout.write(matrixTable());
