import type { ReactNode } from "react";

/** Cuts this page off, or lets it on again. */
export function PlugButton({
  isPulled,
  onPlug,
}: {
  readonly isPulled: boolean;
  readonly onPlug: () => void;
}): ReactNode {
  return (
    <button type="button" className="plug" data-pulled={isPulled || undefined} onClick={onPlug}>
      <svg viewBox="0 0 120 40" aria-hidden="true">
        <g className="plug-side">
          <path className="cable" d="M0 20h26" />
          <path className="body" d="M26 10h14a10 10 0 0 1 0 20H26z" />
          <path className="prong" d="M50 15.5h12M50 24.5h12" />
        </g>
        <g className="socket-side">
          <path className="body" d="M94 8H72a6 6 0 0 0-6 6v12a6 6 0 0 0 6 6h22z" />
          <path className="cable" d="M94 20h26" />
        </g>
      </svg>
      <span>{isPulled ? "Put the plug back" : "Pull the plug"}</span>
    </button>
  );
}
