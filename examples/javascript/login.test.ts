// Vitest: no browser. Each test has a world of its own.
import { afterEach, beforeEach, expect, test } from "vitest";
import { redeem } from "./app.ts";
import { Sandbox, SandboxError } from "./sandbox.ts";

let idp: Sandbox;

beforeEach(async ({ task }) => {
  idp = await new Sandbox(process.env.IDP_SANDBOX_URL ?? "http://localhost:9400").world(`vitest-${task.id}`);
});
afterEach(() => idp.delete());

test("a code is swapped for a token", async () => {
  const { code } = await idp.login("github", "octocat", { client: "Iv1.sandboxclient" });

  expect(await redeem(idp.url, code!)).toMatch(/^gho_/);
});

test("a code that GitHub rejects is not tried again", async () => {
  await idp.fault("github: bad-verification-code");
  const { code } = await idp.login("github", "octocat", { client: "Iv1.sandboxclient" });

  await expect(redeem(idp.url, code!)).rejects.toThrow("bad_verification_code");
  expect(await idp.requests({ service: "github", operation: "access_token" })).toHaveLength(1);
});

test("a failing server is tried again", async () => {
  const { code } = await idp.login("github", "octocat", { client: "Iv1.sandboxclient" });
  const rule = { service: "github", operation: "access_token", answer: { status: 503 } };

  const token = await idp.withFault(rule, () => redeem(idp.url, code!));

  expect(token).toMatch(/^gho_/);
  expect((await idp.requests({ operation: "access_token" })).map(({ status }) => status)).toEqual([503, 200]);
});

test("a code is good for ten minutes", async () => {
  const { code } = await idp.login("github", "octocat", { client: "Iv1.sandboxclient" });
  await idp.advance({ minutes: 11 });

  await expect(redeem(idp.url, code!)).rejects.toThrow("bad_verification_code");
  expect((await idp.requests({ status: 200, operation: "access_token" }))[0]?.reason).toBe("CODE_EXPIRED");
});

test("what the sandbox refuses is told", async () => {
  const refused = await idp.login("github", "nobody").catch((error: unknown) => error as SandboxError);

  expect(refused).toBeInstanceOf(SandboxError);
  expect(refused).toMatchObject({ reason: "IDENTITY_UNKNOWN" });
});
