// Proves that the interop scripts can run: prints what reached this process and what its libraries made of it.
import { getWebFlowAuthorizationUrl } from "@octokit/oauth-methods";
import { request } from "@octokit/request";
import { SignJWT, jwtVerify } from "jose";

const [subject, complaint] = process.argv.slice(2);

if (complaint) {
  console.error(complaint);
  process.exit(3);
}

const secret = new TextEncoder().encode("only for this check, of 32 bytes or more");
const token = await new SignJWT({ sub: subject }).setProtectedHeader({ alg: "HS256" }).sign(secret);
const { url } = getWebFlowAuthorizationUrl({ clientType: "oauth-app", clientId: process.env.CLIENT_ID, request });

console.log(
  JSON.stringify({
    subject: (await jwtVerify(token, secret)).payload.sub,
    client: new URL(url).searchParams.get("client_id"),
  }),
);
