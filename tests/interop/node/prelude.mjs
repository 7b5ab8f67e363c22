// Loaded before every script: Node.js 18, which Debian 12 has, keeps Web Crypto out of the global scope.
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
// Debian builds it with an older fetch, whose Headers make one cookie of several.
if (!Headers.prototype.getSetCookie) {
  const { fetch, FormData, Headers, Request, Response } = await import("undici");
  Object.assign(globalThis, { fetch, FormData, Headers, Request, Response });
}
