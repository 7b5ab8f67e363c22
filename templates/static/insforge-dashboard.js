// A dashboard's half of the conversation with the console: asks for a code, and swaps it for an admin session.
"use strict";

const WAIT = 15_000;
const CSRF = "insforge_admin_csrf_token";
const settings = document.getElementById("app").dataset;
const isFramed = window.parent !== window;
const host = isFramed ? window.parent : window.opener;
// Whoever framed or opened this page is told by the browser.
const hostOrigin = document.referrer ? new URL(document.referrer).origin : location.origin;
const CODE_TYPES = ["AUTHORIZATION_CODE", "AUTHORIZATION_CODE_ERROR", "AUTH_ERROR"];
let waiting = null;
let busy = false;
let accessToken = "";

function show(id, text) {
  document.getElementById(id).textContent = text;
}

function say(state, problem = "") {
  show("state", state);
  show("problem-text", problem);
  document.getElementById("problem").hidden = !problem;
}

function isTrusted(origin) {
  const [scheme, name] = origin.split("://");
  return settings.trustedOrigins.split(" ").some((pattern) => {
    const [wanted, host] = pattern.split("://");
    return wanted === scheme && (host === name || (host?.startsWith("*.") && name.endsWith(host.slice(1))));
  });
}

function send(type) {
  host.postMessage({ type }, hostOrigin);
}

function ask() {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(reject, new Error("Authorization code request timed out")), WAIT);
    const settle = (end, value) => {
      clearTimeout(timer);
      waiting = null;
      end(value);
    };
    waiting = { resolve: (value) => settle(resolve, value), reject: (error) => settle(reject, error) };
    send("REQUEST_AUTHORIZATION_CODE");
  });
}

window.addEventListener("message", (event) => {
  if (event.source !== host || !isTrusted(event.origin)) return;
  const message = event.data ?? {};
  if (message.type === "AUTHORIZATION_CODE" && waiting) waiting.resolve(message.code);
  // The console may also send a code that nobody asked for.
  else if (message.type === "AUTHORIZATION_CODE") swap(message.code).catch(fail);
  else if (CODE_TYPES.includes(message.type)) waiting?.reject(new Error(message.error || message.message));
  else if (isFramed && message.type === "PROJECT_INFO") context("project", `${message.name} (${message.region})`);
  else if (isFramed && message.type === "USER_INFO") context("user", message.email || message.userId);
});

function context(what, text) {
  document.getElementById("context").hidden = false;
  show(`context-${what}`, text);
}

function csrfToken() {
  return document.cookie.split("; ").find((cookie) => cookie.startsWith(`${CSRF}=`))?.slice(CSRF.length + 1);
}

async function call(url, options) {
  const response = await fetch(url, { credentials: "include", ...options });
  return { status: response.status, ok: response.ok, body: await response.json() };
}

function enter({ admin, accessToken: token, csrfToken: csrf }) {
  accessToken = token;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${CSRF}=${csrf}; path=/; max-age=604800; SameSite=Lax${secure}`;
  const claims = JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
  show("session-sub", admin.sub);
  show("session-token", `${token.slice(0, 12)}…`);
  show("session-expires", new Date(claims.exp * 1000).toLocaleTimeString());
  document.getElementById("session").hidden = false;
  say("You are signed in as an administrator.");
}

function refused({ body }) {
  return new Error([body.message, body.nextActions].filter(Boolean).join(" "));
}

async function post(code) {
  const headers = { "Content-Type": "application/json" };
  return call(settings.exchangeUrl, { method: "POST", headers, body: JSON.stringify({ code }) });
}

async function swap(code) {
  say("Swapping the code …");
  const answer = await post(code);
  if (answer.ok) enter(answer.body);
  else if (answer.status === 401) await recover(answer);
  else throw refused(answer);
}

// After a 401: the refresh cookie first, and in a frame a fresh code, once.
async function recover(answer) {
  const csrf = csrfToken();
  const renewed = csrf && (await call(settings.refreshUrl, { method: "POST", headers: { "X-CSRF-Token": csrf } }));
  if (renewed?.ok) return enter(renewed.body);
  if (!isFramed) throw refused(answer);
  const again = await post(await ask());
  if (!again.ok) throw refused(again);
  return enter(again.body);
}

async function check() {
  const answer = await call(settings.currentUrl, { headers: { Authorization: `Bearer ${accessToken}` } });
  if (answer.ok) say("The session is good.");
  else if (answer.status === 401) await recover(answer);
  else throw refused(answer);
}

async function start() {
  if (!host) throw new Error("Open this page from the console: nobody is there to ask for a code.");
  say("Asking the console for a code …");
  if (isFramed) ["REQUEST_PROJECT_INFO", "REQUEST_USER_INFO"].forEach(send);
  await swap(await ask());
}

function fail(error) {
  say("You are not signed in.", error.message);
}

// One thing at a time: two questions at once would take each other's answers.
async function run(action) {
  if (busy) return;
  busy = true;
  await action().catch(fail);
  busy = false;
}

document.getElementById("again").addEventListener("click", () => run(start));
document.getElementById("check").addEventListener("click", () => run(check));
run(start);
