// One call of @octokit/oauth-methods against {API base}: `octokit.mjs http://.../api/v3 exchangeWebFlowCode '{...}'`.
// Prints what the call returned or, as `error`, the message of what it threw.
import * as methods from "@octokit/oauth-methods";
import { request } from "@octokit/request";

const [baseUrl, method, options] = process.argv.slice(2);
const sandbox = request.defaults({ baseUrl });

async function call() {
  try {
    if (method === "user") {
      const { token } = JSON.parse(options);
      return await sandbox("GET /user", { headers: { authorization: `token ${token}` } });
    }
    return await methods[method]({ ...JSON.parse(options), request: sandbox });
  } catch (error) {
    return { error: error.message, status: error.status };
  }
}

console.log(JSON.stringify(await call()));
