import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { runCommand } from "./cli-command.ts";

const COMMANDS = [
  "serve",
  "run",
  "follow",
  "cancel",
  "approve",
  "list",
  "inspect",
  "export",
  "import",
  "doctor",
  "verify",
];

it("the help names every command", async () => {
  const { code, stdout } = await runCommand(["--help"]);
  expect(code).toBe(0);
  const named = [...stdout.matchAll(/^ {2}(\w+) .*[[<]/gm)].flatMap(([, name = ""]) => name);
  // A command that is new is to be looked at here as well.
  const others = new Set(["help", "holdfast"]);
  expect(named.filter((name) => !others.has(name))).toEqual(COMMANDS);
});

it.each(COMMANDS)("the help of %s has an example, and says what its exit codes mean", async (command) => {
  const { code, stdout, stderr } = await runCommand([command, "--help"]);
  expect(code).toBe(0);
  expect(stderr).toBe("");
  expect(stdout).toMatch(new RegExp(`\nExamples:\n(?:  .*\n)*?  .*holdfast ${command}\\b`));
  expect(stdout).toContain("Exit codes:");
});

it.each(COMMANDS)("docs/cli.md tells of %s and of each of its options", async (command) => {
  const page = readFileSync("docs/cli.md", "utf8");
  const section = page.split(/^## /m).find((part) => part.startsWith(`\`holdfast ${command}\``)) ?? "";
  expect(section).not.toBe("");
  const { stdout } = await runCommand([command, "--help"]);
  const options = [...stdout.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, option]) => option);
  expect(options.filter((option) => !section.includes(`\`${option}`))).toEqual([]);
});
