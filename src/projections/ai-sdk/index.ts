export { createAiSdkProjection } from "./ai-sdk-projection.ts";
export type { AiSdkState } from "./ai-sdk-state.ts";
export { AI_SDK_VERSIONS, DEFAULT_AI_SDK_VERSION } from "./ai-sdk-version.ts";
export type { AiSdkVersion } from "./ai-sdk-version.ts";
export { awaitedApprovals, foldRound, NO_CALLS, parks } from "./tool-round.ts";
export type { ToolRound } from "./tool-round.ts";
export { messageIdOf, UI_MESSAGE_METADATA, uiMessageOfInput, uiMessagesOfRecord } from "./ui-messages.ts";
export type { UiMessage, UiPart } from "./ui-messages.ts";
