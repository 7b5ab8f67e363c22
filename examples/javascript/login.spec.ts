// Playwright: the whole login, in a browser, on the real pages. Each test has a world of its own.
import { expect, test as base, type Page } from "@playwright/test";
import { serve } from "./app.ts";
import { Sandbox } from "./sandbox.ts";

const test = base.extend<{ idp: Sandbox; app: string }>({
  idp: async ({}, use, { testId }) => {
    const idp = await new Sandbox(process.env.IDP_SANDBOX_URL ?? "http://localhost:9400").world(`playwright-${testId}`);
    await use(idp);
    await idp.delete();
  },
  app: async ({ idp }, use) => {
    const { server, url } = await serve(idp.url);
    await idp.clients.change("Iv1.sandboxclient", { redirect_uris: [`${url}/callback`] });
    await use(url);
    server.close();
    server.closeAllConnections();
  },
});

async function signIn(page: Page, login: string, decision: "allow" | "deny" = "allow"): Promise<void> {
  await page.locator(`#as-${login}`).click();
  await page.locator(`#${decision}`).click();
}

test("octocat signs in", async ({ page, app }) => {
  await page.goto(`${app}/login`);
  await signIn(page, "octocat");

  await expect(page.getByRole("heading")).toHaveText("Hello, octocat");
});

test("whoever denies is not signed in", async ({ page, app, idp }) => {
  await page.goto(`${app}/login`);
  await signIn(page, "octocat", "deny");

  await expect(page.getByRole("heading")).toHaveText("Sorry: access_denied");
  expect(await idp.requests({ operation: "access_token" })).toEqual([]);
});
