import type { ReactNode } from "react";

/** A line that is made fast. */
export function Mark(): ReactNode {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M2 16h7a7 7 0 0 1 14 0h7" />
      <path d="M9 16a7 7 0 0 0 14 0" />
      <circle cx="16" cy="16" r="2.4" />
    </svg>
  );
}
