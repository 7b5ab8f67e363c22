// The steps of a login by openid-client. Each is given the issuer, the client, and what else the step needs.
import * as client from "openid-client";
import { exportJWK, importJWK } from "jose";
import { converse } from "./conversation.mjs";

const execute = (issuer) => [
  client.enableNonRepudiationChecks,
  ...(issuer.startsWith("http:") ? [client.allowInsecureRequests] : []),
];

async function authentication({ auth, client_secret, jwk }) {
  switch (auth) {
    case "client_secret_basic":
      return client.ClientSecretBasic(client_secret);
    case "client_secret_jwt":
      return client.ClientSecretJwt(client_secret);
    case "private_key_jwt":
      return client.PrivateKeyJwt({ key: await importJWK(jwk, jwk.alg), kid: jwk.kid });
    case "none":
      return client.None();
    default:
      return undefined; // the library's own choice, client_secret_post
  }
}

async function configure({ issuer, application }) {
  const { client_id, client_secret } = application;
  const auth = await authentication(application);
  return client.discovery(new URL(issuer), client_id, client_secret, auth, { execute: execute(issuer) });
}

const withClaims = (tokens) => ({ ...tokens, claims: tokens.claims() });

const steps = {
  async authorize(config, { push, ...parameters }) {
    const checks = {
      pkceCodeVerifier: client.randomPKCECodeVerifier(),
      expectedState: client.randomState(),
      expectedNonce: client.randomNonce(),
    };
    const request = {
      code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
      code_challenge_method: "S256",
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      ...parameters,
    };
    const url = push
      ? await client.buildAuthorizationUrlWithPAR(config, request)
      : client.buildAuthorizationUrl(config, request);
    return { url: url.href, checks };
  },

  redeem: async (config, { callback, checks }) =>
    withClaims(await client.authorizationCodeGrant(config, new URL(callback), checks)),

  userinfo: (config, { access_token, sub }) => client.fetchUserInfo(config, access_token, sub),

  refresh: async (config, { refresh_token }) => withClaims(await client.refreshTokenGrant(config, refresh_token)),

  credentials: (config, parameters) => client.clientCredentialsGrant(config, parameters),

  device: (config, parameters) => client.initiateDeviceAuthorization(config, parameters),

  // The library waits for the interval before its first poll; a device may choose a shorter one.
  poll: async (config, { device_code, expires_in }) =>
    withClaims(await client.pollDeviceAuthorizationGrant(config, { device_code, expires_in, interval: 0.01 })),

  grant: (config, { grant_type, ...parameters }) => client.genericGrantRequest(config, grant_type, parameters),

  introspect: (config, { token }) => client.tokenIntrospection(config, token),

  revoke: async (config, { token }) => (await client.tokenRevocation(config, token)) ?? "revoked",

  logout: (config, parameters) => client.buildEndSessionUrl(config, parameters).href,

  // From the code to a refreshed token, all of them bound to one key.
  async possess(config, { callback, checks }) {
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    const tokens = await client.authorizationCodeGrant(config, new URL(callback), checks, undefined, { DPoP });
    const { sub } = tokens.claims();
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP });
    const stranger = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    return {
      ...tokens,
      userinfo,
      refreshed: await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP }),
      stolen: await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP: stranger }).catch(told),
    };
  },
};

// Registers a client whose key is made here; the answer has its private half too.
async function register({ issuer, alg, ...metadata }) {
  const { privateKey, publicKey } = await client.randomDPoPKeyPair(alg, { extractable: true });
  const name = { kid: "first", alg };
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), ...name }] };
  const server = new URL(issuer);
  const options = { execute: execute(issuer) };
  const registered = await client.dynamicClientRegistration(server, { ...metadata, jwks }, undefined, options);
  return { ...registered.clientMetadata(), jwk: { ...(await exportJWK(privateKey)), ...name } };
}

// What an application can read from an exception of the library.
async function told(error) {
  const { name, code, status } = error;
  const facts = { exception: name, code, status, error: error.error, error_description: error.error_description };
  switch (name) {
    case "WWWAuthenticateChallengeError":
      // Thrown for every answer with that header; the body is left to the application.
      return { ...facts, challenges: error.cause, body: await error.response.text() };
    case "ClientError":
      return { ...facts, reason: error.cause?.message };
    case "ResponseBodyError":
    case "AuthorizationResponseError":
      return facts;
  }
}

const configured = Object.entries(steps).map(([name, step]) => [
  name,
  async ({ issuer, application, ...given }) => step(await configure({ issuer, application }), given),
]);
await converse({ ...Object.fromEntries(configured), register }, told);
