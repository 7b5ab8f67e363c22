// The console's half of the conversation with a dashboard, which is in the frame below it or in a tab it has opened.
"use strict";

const settings = document.getElementById("console").dataset;
const frame = document.getElementById("dashboard");
const log = document.getElementById("messages");
let tab = null;

// As browsers write it: without a default port, and in lower case.
function dashboardOrigin() {
  return new URL(settings.dashboardOrigin).origin;
}

function note(from, to, message) {
  const line = document.createElement("li");
  const detail = message.error ?? message.message ?? message.path ?? "";
  line.textContent = `${from} → ${to}: ${message.type}${detail ? ` (${detail})` : ""}`;
  log.append(line);
}

function answer(target, where, message) {
  note("console", where, message);
  target.postMessage(message, dashboardOrigin());
}

async function code() {
  try {
    const response = await fetch(settings.codeUrl, { method: "POST", headers: { Accept: "application/json" } });
    const body = await response.json();
    if (response.ok) return { type: "AUTHORIZATION_CODE", code: body.code };
    return { type: "AUTHORIZATION_CODE_ERROR", error: body.message };
  } catch (error) {
    return { type: "AUTHORIZATION_CODE_ERROR", error: String(error) };
  }
}

window.addEventListener("message", async (event) => {
  const framed = event.source === frame.contentWindow;
  // Nobody else's questions are answered, and none from a page that has taken the dashboard's place.
  if (event.origin !== dashboardOrigin() || !(framed || (tab && event.source === tab))) return;
  const type = event.data?.type;
  if (typeof type !== "string") return;
  const where = framed ? "frame" : "tab";
  note(where, "console", event.data);
  if (type === "REQUEST_AUTHORIZATION_CODE") answer(event.source, where, await code());
  // A tab gets its code and nothing else.
  else if (framed && type === "REQUEST_PROJECT_INFO") answer(event.source, where, JSON.parse(settings.projectInfo));
  else if (framed && type === "REQUEST_USER_INFO") answer(event.source, where, JSON.parse(settings.userInfo));
});

document.getElementById("open-tab").addEventListener("click", () => {
  tab = window.open(settings.dashboardUrl, "_blank");
});
document.getElementById("no-script").remove();
frame.src = settings.dashboardUrl;
