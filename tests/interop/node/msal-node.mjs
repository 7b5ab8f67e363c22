// The steps of a login by @azure/msal-node. `open` starts an application anew, which then remembers its people.
import { AuthError, ConfidentialClientApplication, CryptoProvider, PublicClientApplication } from "@azure/msal-node";
import { converse } from "./conversation.mjs";

const crypto = new CryptoProvider();
let application, asked, codes, waiting;

// What an application has of a login.
function shown({ account, accessToken, idTokenClaims, scopes, fromCache, tokenType, uniqueId, tenantId }) {
  return { account, accessToken, idTokenClaims, scopes, fromCache, tokenType, uniqueId, tenantId };
}

const steps = {
  open({ system, ...auth }) {
    const isPublic = !auth.clientSecret && !auth.clientCertificate;
    const Application = isPublic ? PublicClientApplication : ConfidentialClientApplication;
    application = new Application({ auth, system });
  },

  async authorize(request) {
    codes = await crypto.generatePkceCodes();
    asked = { ...request, nonce: crypto.createNewGuid(), state: crypto.createNewGuid() };
    return application.getAuthCodeUrl({ ...asked, codeChallenge: codes.challenge, codeChallengeMethod: "S256" });
  },

  async redeem({ callback, ...changed }) {
    const answer = Object.fromEntries(new URL(callback).searchParams);
    const request = { ...asked, code: answer.code, codeVerifier: codes.verifier, ...changed };
    return shown(await application.acquireTokenByCode(request, { ...answer, nonce: asked.nonce }));
  },

  async silent(request) {
    const [account] = await application.getTokenCache().getAllAccounts();
    return shown(await application.acquireTokenSilent({ ...request, account }));
  },

  credentials: async (request) => shown(await application.acquireTokenByClientCredential(request)),

  onBehalf: async (request) => shown(await application.acquireTokenOnBehalfOf(request)),

  // What the device is to show; the library goes on polling meanwhile.
  device: (request) =>
    new Promise((resolve, reject) => {
      const deviceCodeCallback = (code) => {
        resolve({ ...code });
        // How long the library waits between two polls is the device's to choose.
        code.interval = 0.05;
      };
      waiting = application.acquireTokenByDeviceCode({ ...request, deviceCodeCallback });
      waiting.catch(reject);
    }),

  signedIn: async () => shown(await waiting),
};

// What an application can read from an exception of the library.
function told(error) {
  if (!(error instanceof AuthError)) return undefined;
  const { name, errorCode, errorMessage, errorNo, subError, claims } = error;
  return { exception: name, errorCode, errorMessage, errorNo, subError, claims };
}

await converse(steps, told);
