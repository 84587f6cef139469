/** A value of RESP2, as tests write it: arrays nest, null is an absent string. */
export type RespValue = string | number | null | { readonly error: string } | readonly RespValue[];

/** The bytes that Redis sends for a value. */
export function bytesOf(value: RespValue): Buffer {
  if (value === null) return Buffer.from("$-1\r\n");
  if (typeof value === "number") return Buffer.from(`:${value}\r\n`);
  if (typeof value === "string") return Buffer.from(`$${Buffer.byteLength(value)}\r\n${value}\r\n`);
  if ("error" in value) return Buffer.from(`-${value.error}\r\n`);
  return Buffer.concat([Buffer.from(`*${value.length}\r\n`), ...value.map(bytesOf)]);
}
