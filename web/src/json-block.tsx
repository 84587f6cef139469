import type { ReactNode } from "react";

/** A value as JSON that can be read; what is wide scrolls, also by keyboard. */
export function JsonBlock({ value, label }: { readonly value: unknown; readonly label: string }): ReactNode {
  return (
    <pre className="json" role="group" aria-label={label} tabIndex={0}>
      {typeof value === "string" ? value : JSON.stringify(value, null, 2)}
    </pre>
  );
}
