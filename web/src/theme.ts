export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "holdfast:theme";

/** The theme that was chosen before, put into effect; `system` follows the platform. */
export function restoreTheme(): Theme {
  const theme = THEMES.find((known) => known === readChoice()) ?? "system";
  apply(theme);
  return theme;
}

export function chooseTheme(theme: Theme): void {
  apply(theme);
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Private windows refuse to store: the choice then lasts as long as the page.
  }
}

function readChoice(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // As above.
  }
}

/** The style sheet knows the rest: `light-dark()` goes by this attribute, or without it by the platform. */
function apply(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
