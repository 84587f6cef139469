import type { ModelSettings } from "./call-from-step.ts";

/** The models of the Responses API, with the name that their options go by. */
const RESPONSES_OPTIONS_NAME: ReadonlyMap<string, string> = new Map([
  ["openai.responses", "openai"],
  ["azure.responses", "azure"],
]);

/**
 * The settings with `store: false` for the Responses API, where they do not say otherwise. With `store: true`, the
 * API's own default, later steps refer to earlier ones by ids that the provider forgets after 30 days.
 */
export function withProviderDefaults(provider: string, settings: ModelSettings): ModelSettings {
  const name = RESPONSES_OPTIONS_NAME.get(provider);
  if (name === undefined) return settings;
  const given = settings.providerOptions ?? {};
  // Azure's models take OpenAI's options as well.
  const store = given[name]?.["store"] ?? given["openai"]?.["store"] ?? false;
  return { ...settings, providerOptions: { ...given, [name]: { ...given[name], store } } };
}
