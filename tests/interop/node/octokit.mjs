// Calls of @octokit/oauth-methods, each at an API's base URL: what a call returned or, as `error`, the message of what it
// threw.
import * as methods from "@octokit/oauth-methods";
import { request } from "@octokit/request";
import { converse } from "./conversation.mjs";

async function call({ baseUrl, method, options }) {
  const sandbox = request.defaults({ baseUrl });
  if (method === "user") {
    return await sandbox("GET /user", { headers: { authorization: `token ${options.token}` } });
  }
  return await methods[method]({ ...options, request: sandbox });
}

await converse({ call }, ({ message, status }) => ({ error: message, status }));
