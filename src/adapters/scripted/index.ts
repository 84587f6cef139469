export { createScriptedModel } from "./scripted-model.ts";
export type { ScriptedModelOptions } from "./scripted-model.ts";
