// oidc-provider with one client and its own memory adapter. Whoever is signed in is given what the client asks for, as
// the manual's recipe for applications of one's own does (loadExistingGrant).
//
//   node oidc-provider.mjs HOST PORT REDIRECT_URI

import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import Provider from "oidc-provider";

const [host, port, redirectUri] = process.argv.slice(2);
const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });

const provider = new Provider(`http://${host}:${port}`, {
  clients: [
    {
      client_id: "bench",
      client_secret: "bench-secret",
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code", "client_credentials"],
      response_types: ["code"],
      token_endpoint_auth_method: "client_secret_post",
    },
  ],
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: "RS256", use: "sig", kid: "bench" }] },
  cookies: { keys: ["bench"] },
  claims: { openid: ["sub"], profile: ["name"], email: ["email"] },
  features: { devInteractions: { enabled: true }, clientCredentials: { enabled: true } },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: "Alice", email: "alice@contoso.test" }),
  }),
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({ accountId: oidc.session.accountId, clientId: oidc.client.clientId });
    grant.addOIDCScope("openid profile email");
    await grant.save();
    return grant;
  },
});

provider.listen(Number(port), host);
