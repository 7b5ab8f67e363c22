// The callback's half of a login: posts the code that the browser brought, once, and shows what comes of it.
"use strict";

function read(id) {
  return document.getElementById(id).textContent;
}

function show(id, text) {
  document.getElementById(id).textContent = text;
}

function reveal(id) {
  document.getElementById(id).hidden = false;
}

function decode(part) {
  const bytes = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0))));
}

function addRow(name, value) {
  const row = document.getElementById("claim-rows").insertRow();
  const head = document.createElement("th");
  head.scope = "row";
  head.append(Object.assign(document.createElement("code"), { textContent: name }));
  const text = typeof value === "string" ? value : JSON.stringify(value);
  row.append(head);
  row.insertCell().append(Object.assign(document.createElement("code"), { textContent: text }));
}

function showToken(answer) {
  for (const [name, value] of Object.entries(decode(answer.token.split(".")[1]))) addRow(name, value);
  show("expires", `Expires at ${answer.expires_at}`);
  show("step", "You are signed in.");
  reveal("claims");
}

function showRefusal(response, answer) {
  show("step", "The sign-in was refused.");
  show("problem-text", [answer.message, ...(answer.notices ?? [])].join(" · "));
  show("status", `${response.status}`);
  show("answer", JSON.stringify(answer, null, 2));
  show("reason", `The true cause, which the real one does not tell: ${response.headers.get("X-Sandbox-Reason")}`);
  reveal("problem");
  reveal("refusal");
}

async function exchange() {
  const state = read("state");
  // The address as the browser has it is the redirect URI to the letter, whatever stands between it and the server.
  const redirectUri = location.origin + location.pathname;
  const body = { code: read("code"), redirect_uri: redirectUri, ...(state && { state }) };
  show("redirect-uri", redirectUri);
  show("step", "Posting the code …");
  // A code is good once: whoever reloads the page, or comes back to it, finds it without one.
  history.replaceState(null, "", location.pathname);
  const response = await fetch(location.pathname, {
    method: "POST",
    credentials: "omit",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (response.ok) showToken(answer);
  else showRefusal(response, answer);
}

exchange().catch((error) => {
  show("step", "The sign-in failed.");
  show("problem-text", `${error.message}`);
  reveal("problem");
});
