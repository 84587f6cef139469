/**
 * The major version of the AI SDK that reads a stream. A chunk of a type that its version does not know fails the whole
 * message, and nothing in a client's requests tells its version.
 */
export type AiSdkVersion = 5 | 6 | 7;

export const AI_SDK_VERSIONS: readonly AiSdkVersion[] = [5, 6, 7];

/** What a client that does not say is taken for. */
export const DEFAULT_AI_SDK_VERSION: AiSdkVersion = 7;
