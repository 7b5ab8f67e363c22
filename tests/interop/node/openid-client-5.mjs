// The steps of a login by openid-client 5. Each is given the issuer, the client, and what else the step needs.
import { Issuer, custom, errors, generators } from "openid-client-5";
import { converse } from "./conversation.mjs";

// It gives up after 3.5 seconds, which a busy machine may take.
custom.setHttpOptionsDefaults({ timeout: 60_000 });

const redirect_uri = "http://127.0.0.1:9999/callback";
const withClaims = (tokens) => ({ ...tokens, claims: tokens.claims() });

const steps = {
  authorize(client, { scope }) {
    const checks = { code_verifier: generators.codeVerifier(), state: generators.state(), nonce: generators.nonce() };
    const { code_verifier, ...sent } = checks;
    const code_challenge = generators.codeChallenge(code_verifier);
    const url = client.authorizationUrl({ ...sent, scope, code_challenge, code_challenge_method: "S256" });
    return { url, checks };
  },

  redeem: async (client, { callback, checks }) =>
    withClaims(await client.callback(redirect_uri, client.callbackParams(callback), checks)),

  refresh: async (client, { refresh_token }) => withClaims(await client.refresh(refresh_token)),

  userinfo: (client, { access_token }) => client.userinfo(access_token),
};

// What an application can read from an exception of the library.
function told(error) {
  if (!(error instanceof errors.OPError) && !(error instanceof errors.RPError)) return undefined;
  return { exception: error.name, error: error.error, error_description: error.error_description };
}

const discovered = Object.entries(steps).map(([name, step]) => [
  name,
  async ({ issuer, application, ...given }) => {
    const { Client } = await Issuer.discover(issuer);
    return step(new Client({ ...application, redirect_uris: [redirect_uri] }), given);
  },
]);
await converse(Object.fromEntries(discovered), told);
