import { defineConfig } from "@playwright/test";

// CHROMIUM names a browser that is installed already; root cannot have its sandbox.
const own = process.env.CHROMIUM;

export default defineConfig({
  testMatch: "*.spec.ts",
  outputDir: process.env.PLAYWRIGHT_OUTPUT ?? "node_modules/.playwright",
  use: own ? { launchOptions: { executablePath: own, args: ["--no-sandbox", "--disable-gpu"] } } : {},
});
