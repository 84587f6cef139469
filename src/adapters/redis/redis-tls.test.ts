import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort, startRedisServer } from "../../../test/support/redis-server.ts";
import type { RedisServer } from "../../../test/support/redis-server.ts";
import { createRedisStore } from "./redis-store.ts";
import { begin, collect, text } from "./test-run.fixture.ts";

const OPENSSL = "openssl";

/** Whether this machine can make a certificate, and its Redis speak TLS; why not, otherwise. */
function obstacle(): string | undefined {
  try {
    execFileSync(OPENSSL, ["version"]);
    return undefined;
  } catch {
    return "there is no openssl to make a certificate with";
  }
}

const reason = obstacle();
if (reason !== undefined) console.log(`skipped: Redis over TLS: ${reason}`);

describe.skipIf(reason !== undefined)("Redis over TLS", () => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-tls-"));
  const [key, certificate] = [join(directory, "key.pem"), join(directory, "certificate.pem")];
  const before = getCACertificates("default");
  let server: RedisServer;
  let port: number;

  beforeAll(async () => {
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const form = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"];
    execFileSync(OPENSSL, ["req", ...form, ...subject, "-keyout", key, "-out", certificate], {
      stdio: "ignore",
    });
    port = await freePort();
    const tls = ["--tls-port", String(port), "--tls-cert-file", certificate, "--tls-key-file", key];
    server = await startRedisServer({
      args: [...tls, "--tls-auth-clients", "no", "--requirepass", "secret"],
    });
  });
  afterAll(async () => {
    setDefaultCACertificates(before);
    await server.stop();
    rmSync(directory, { recursive: true });
  });

  test("a server whose certificate nobody vouches for is refused, in one line without the password", async () => {
    const connection = `rediss://:secret@localhost:${port}`;
    await expect(createRedisStore({ connection, connectTimeoutMs: 500 })).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringMatching(/^Redis at localhost:\d+ does not answer \(self-signed certificate.*\)/),
    });
  });

  test("writers, readers and followers all go over TLS, and check for whom the certificate is", async () => {
    setDefaultCACertificates([...before, readFileSync(certificate, "utf8")]);
    const connection = `rediss://:secret@localhost:${port}`;
    const store = await createRedisStore({ connection });
    try {
      expect(store.description).toBe(`Redis at localhost:${port}, over TLS`);
      const log = await begin(store);
      const events = collect(store, log.id, 2);
      await log.write(text("sealed"));
      expect((await events)[1]).toMatchObject({ delta: "sealed" });
    } finally {
      await store.close();
    }
    // The certificate is for localhost alone.
    const elsewhere = `rediss://:secret@127.0.0.1:${port}`;
    await expect(createRedisStore({ connection: elsewhere, connectTimeoutMs: 500 })).rejects.toMatchObject({
      message: expect.stringContaining("IP: 127.0.0.1 is not in the cert's list"),
    });
  });
});
