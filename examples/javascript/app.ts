// The application under test: signs people in at GitHub, and greets them. Its GitHub is where it is told.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

const CLIENT = { client_id: "Iv1.sandboxclient", client_secret: "sandbox-secret" };

/** Swap a code for GitHub's token, once more if the server fails. */
export async function redeem(github: string, code: string): Promise<string> {
  for (const last of [false, true]) {
    const answer = await fetch(`${github}/login/oauth/access_token`, {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/json" },
      body: JSON.stringify({ ...CLIENT, code }),
    });
    if (answer.status >= 500 && !last) continue;
    const body = (await answer.json()) as { access_token?: string; error?: string };
    if (body.access_token) return body.access_token;
    throw new Error(body.error ?? `status ${answer.status}`);
  }
  throw new Error("not reached");
}

/** Serve the application on a free port. */
export async function serve(github: string): Promise<{ server: Server; url: string }> {
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    if (pathname === "/login") {
      const query = new URLSearchParams({ client_id: CLIENT.client_id, redirect_uri: `${url}/callback`, state: "s3cret" });
      response.writeHead(302, { location: `${github}/login/oauth/authorize?${query}` }).end();
      return;
    }
    const greeting = await greet(github, searchParams).catch((error: Error) => `Sorry: ${error.message}`);
    response.writeHead(200, { "content-type": "text/html" }).end(`<h1>${greeting}</h1>`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { server, url };
}

async function greet(github: string, callback: URLSearchParams): Promise<string> {
  if (callback.get("state") !== "s3cret") throw new Error("this is not my login");
  const code = callback.get("code");
  if (!code) throw new Error(callback.get("error") ?? "no code");
  const headers = { authorization: `Bearer ${await redeem(github, code)}` };
  const user = (await (await fetch(`${github}/api/v3/user`, { headers })).json()) as { login: string };
  return `Hello, ${user.login}`;
}
