import { useState } from "react";
import type { ReactNode } from "react";
import { chooseTheme, restoreTheme, THEMES } from "./theme.ts";
import type { Theme } from "./theme.ts";

const LABELS: Record<Theme, string> = { system: "Auto", light: "Light", dark: "Dark" };

export function ThemeSwitch(): ReactNode {
  const [theme, setTheme] = useState(restoreTheme);

  function choose(next: Theme): void {
    chooseTheme(next);
    setTheme(next);
  }

  return (
    <fieldset className="theme-switch">
      <legend className="visually-hidden">Colours</legend>
      {THEMES.map((each) => (
        <label key={each}>
          <input
            type="radio"
            name="theme"
            value={each}
            checked={theme === each}
            onChange={() => choose(each)}
          />
          <span>{LABELS[each]}</span>
        </label>
      ))}
    </fieldset>
  );
}
