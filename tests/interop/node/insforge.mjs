// The steps of @insforge/sdk against a project's backend, on a server. What it answers must pass the vendor's schemas.
import { createAdminClient, createClient } from "@insforge/sdk";
import * as schemas from "@insforge/shared-schemas";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { converse } from "./conversation.mjs";

const connect = ({ baseUrl, anonKey, accessToken }) =>
  createClient({ baseUrl, anonKey, accessToken, isServerMode: true, retryCount: 0 });

// What a backend remembers of key sets, by their addresses.
const keySets = {};

function checked(schema, { data, error }) {
  if (error) throw error;
  schema.parse(data);
  return data;
}

const call =
  (schema, method, ...names) =>
  async ({ server, ...given }) =>
    checked(schema, await connect(server).auth[method](...(names.length ? names.map((name) => given[name]) : [given])));

await converse(
  {
    config: call(schemas.getPublicAuthConfigResponseSchema, "getPublicAuthConfig"),
    signUp: call(schemas.createUserResponseSchema, "signUp"),
    signIn: call(schemas.createSessionResponseSchema, "signInWithPassword"),
    signInByCode: call(schemas.createSessionResponseSchema, "verifyOtp"),
    refresh: call(schemas.refreshSessionResponseSchema, "refreshSession"),
    getProfile: call(schemas.getProfileResponseSchema, "getProfile", "id"),
    setProfile: call(schemas.getProfileResponseSchema, "setProfile", "profile"),
    exchange: call(schemas.createSessionResponseSchema, "exchangeOAuthCode", "code", "verifier"),

    async sendCode({ server, email }) {
      const { data, error } = await connect(server).auth.signInWithOtp({ email });
      if (error) throw error;
      return data;
    },

    async user({ server }) {
      const { data, error } = await connect(server).auth.getCurrentUser();
      if (error) throw error;
      if (data.user) schemas.userSchema.parse(data.user);
      return data.user;
    },

    async start({ server, provider, ...options }) {
      const { data, error } = await connect(server).auth.signInWithOAuth(provider, options);
      if (error) throw error;
      return data;
    },

    async signOut({ server }) {
      const { error } = await connect(server).auth.signOut();
      if (error) throw error;
      return "signed out";
    },

    async exchangeAdminSession({ server, code }) {
      const data = await connect(server).getHttpClient().post("/api/auth/admin/sessions/exchange", { code });
      schemas.createAdminSessionResponseSchema.parse(data);
      return data;
    },

    async asAdmin({ baseUrl, apiKey, path, schema }) {
      return schemas[schema].parse(await createAdminClient({ baseUrl, apiKey, retryCount: 0 }).getHttpClient().get(path));
    },

    async adminSession({ server }) {
      const data = await connect(server).getHttpClient().get("/api/auth/admin/sessions/current");
      schemas.getCurrentAdminSessionResponseSchema.parse(data);
      return data;
    },

    // What the vendor's backend does with a code, by the same library.
    async verify({ keys, token }) {
      return (await jwtVerify(token, createRemoteJWKSet(new URL(keys)))).payload;
    },

    // The same with a key set that is kept, and what the library says where it refuses.
    async verifyAll({ keys, tokens, cooldownDuration }) {
      keySets[keys] ??= createRemoteJWKSet(new URL(keys), { cooldownDuration });
      const told = [];
      for (const token of tokens) {
        told.push(await jwtVerify(token, keySets[keys]).then(() => "good", (error) => error.message));
      }
      return told;
    },
  },
  ({ name, message, statusCode, error, nextActions }) =>
    name === "InsForgeError" ? { exception: name, message, statusCode, error, nextActions } : undefined,
);
