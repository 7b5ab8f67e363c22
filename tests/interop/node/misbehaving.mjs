// A whole login by each of several libraries, as far as it gets: sign-in, tokens, userinfo, and a refresh.
// Nobody is asked anything at the issuer, so a browser is not needed.
import { createRemoteJWKSet, jwtVerify } from "jose";
import { InMemoryWebStorage, OidcClient, UserManager, WebStorageStateStore } from "oidc-client-ts";
import * as client6 from "openid-client";
import { Issuer, custom, generators } from "openid-client-5";
import { converse } from "./conversation.mjs";

custom.setHttpOptionsDefaults({ timeout: 60_000 });

const redirect_uri = "http://127.0.0.1:9999/callback";
const application = { client_id: "relying-party", client_secret: "any-secret" };
const scope = "openid profile offline_access";

async function callback(url) {
  const answer = await fetch(url, { redirect: "manual" });
  return answer.headers.get("location");
}

// An issuer at which anyone may log in gives tokens of the authorization endpoint to registered clients alone.
async function register(issuer) {
  const metadata = {
    redirect_uris: [redirect_uri],
    response_types: ["code id_token"],
    grant_types: ["authorization_code", "implicit", "refresh_token"],
    token_endpoint_auth_method: "client_secret_post",
  };
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${issuer}/register`, { method: "POST", headers, body: JSON.stringify(metadata) });
  const { client_id, client_secret } = await answer.json();
  return { client_id, client_secret };
}

async function openidClient6({ issuer, hybrid, max_age }) {
  const execute = [client6.enableNonRepudiationChecks, ...(hybrid ? [client6.useCodeIdTokenResponseType] : [])];
  const { client_id, client_secret } = hybrid ? await register(issuer) : application;
  const config = await client6.discovery(new URL(issuer), client_id, client_secret, undefined, { execute });
  const pkceCodeVerifier = client6.randomPKCECodeVerifier();
  const checks = { expectedState: client6.randomState(), expectedNonce: client6.randomNonce() };
  const url = client6.buildAuthorizationUrl(config, {
    scope,
    redirect_uri,
    ...(max_age && { max_age: String(max_age) }),
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client6.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  });
  const answer = new URL(await callback(url));
  const tokens = await client6.authorizationCodeGrant(config, answer, { ...checks, pkceCodeVerifier, maxAge: max_age });
  // For an application that signs somebody in, no id_token is nobody.
  const { sub } = tokens.claims() ?? refuse("no id_token");
  await client6.fetchUserInfo(config, tokens.access_token, sub);
  await client6.refreshTokenGrant(config, tokens.refresh_token);
}

async function openidClient5({ issuer, hybrid, max_age }) {
  const { Client } = await Issuer.discover(issuer);
  const response_type = hybrid ? "code id_token" : "code";
  const registered = hybrid ? { ...(await register(issuer)), token_endpoint_auth_method: "client_secret_post" } : application;
  const client = new Client({ ...registered, redirect_uris: [redirect_uri], response_types: [response_type] });
  const { code_verifier, ...sent } = {
    code_verifier: generators.codeVerifier(),
    state: generators.state(),
    nonce: generators.nonce(),
  };
  const code_challenge = generators.codeChallenge(code_verifier);
  const asked = { ...sent, scope, max_age, response_type, code_challenge, code_challenge_method: "S256" };
  const url = client.authorizationUrl(asked);
  const parameters = client.callbackParams((await callback(url)).replace("#", "?"));
  const checks = { ...sent, code_verifier, response_type, max_age };
  const tokens = await client.callback(redirect_uri, parameters, checks);
  await client.userinfo(tokens);
  await client.refresh(tokens);
}

async function oidcClientTs({ issuer, max_age }) {
  const kept = () => new WebStorageStateStore({ store: new InMemoryWebStorage() });
  const settings = {
    ...application,
    authority: issuer,
    redirect_uri,
    scope,
    max_age,
    loadUserInfo: true,
    stateStore: kept(),
    userStore: kept(),
    monitorSession: false,
    automaticSilentRenew: false,
  };
  // What the manager does itself where there is a window to send away.
  const begun = { request_type: "si:r", nonce: generators.nonce() };
  const { url } = await new OidcClient(settings).createSigninRequest(begun);
  const manager = new UserManager(settings);
  const user = await manager.signinCallback(await callback(url));
  if (!user.profile.sub) refuse("nobody has signed in");
  await manager.signinSilent();
}

// An API: what it makes of the access token of somebody who has signed in.
async function jose({ issuer, access_token }) {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  const requiredClaims = ["iss", "sub", "aud", "exp", "iat"];
  await jwtVerify(access_token, keys, { issuer, audience: issuer, typ: "at+jwt", algorithms: ["RS256"], requiredClaims });
}

function refuse(why) {
  throw new Error(why);
}

const logIns = { openidClient6, openidClient5, oidcClientTs, jose };
const steps = Object.entries(logIns).map(([name, logIn]) => [
  name,
  (given) => logIn(given).then(
    () => ({ refused: null }),
    (error) => ({ refused: `${error.name}: ${error.message} ${error.cause?.message ?? ""}` }),
  ),
]);
await converse(Object.fromEntries(steps), () => undefined);
