// Loaded before every script: Node.js 18, which Debian 12 has, keeps Web Crypto out of the global scope.
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
