/**
 * 128 random bits in hex. `crypto.randomUUID` is not there on pages without TLS, nor any `crypto` in some React Native:
 * a key need not be secret, only its own.
 */
export function randomKey(): string {
  const source: Partial<Pick<Crypto, "getRandomValues">> | undefined = globalThis.crypto;
  const bytes = new Uint8Array(16);
  if (source?.getRandomValues) source.getRandomValues(bytes);
  else for (let index = 0; index < bytes.length; index++) bytes[index] = Math.floor(Math.random() * 256);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
