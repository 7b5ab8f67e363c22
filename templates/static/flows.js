// Keeps the list of logins up to date without moving what the reader looks at. Without this script a reload does.
const section = document.getElementById("flows");
const sign = document.getElementById("live");
const word = document.getElementById("live-word");
const news = document.getElementById("news");
const said = document.getElementById("said");
const QUIET = 400;
const AGAIN = 5000;
let stream = null;
let timer = 0;
let reached = 0;

function tell(state, text) {
  if (word.textContent === text) return;
  sign.dataset.state = state;
  word.textContent = text;
}

function rows(page) {
  return new Map([...page.querySelectorAll("#list tbody tr")].map((row) => [row.id, row]));
}

// Whether a change of the list would pull away what is pointed at, or about to be pressed.
function isInUse() {
  const list = document.getElementById("list");
  const isRead = list.getBoundingClientRect().top < 0;
  const isHeld = list.matches(":hover") || list.contains(document.activeElement) || !getSelection().isCollapsed;
  return isRead || isHeld;
}

function announce(page) {
  const known = rows(document);
  const all = [...rows(page)];
  const fresh = all.filter(([id]) => !known.has(id));
  const decided = all.filter(([id, row]) => known.has(id) && known.get(id).dataset.outcome !== row.dataset.outcome);
  const told = [...fresh, ...decided].slice(0, 3).map(([, row]) => {
    const name = row.querySelector(".flows-link").textContent.trim();
    return `${name}: ${row.dataset.outcome}`;
  });
  if (told.length) said.textContent = told.join(", ");
  return fresh;
}

// What is shown already is brought up to date where it stands.
function refresh(page) {
  const known = rows(document);
  for (const [id, row] of rows(page)) {
    const old = known.get(id);
    if (!old || old.dataset.last === row.dataset.last) continue;
    const link = old.querySelector(".flows-link");
    const isFocused = link === document.activeElement;
    old.replaceChildren(...row.childNodes);
    Object.assign(old.dataset, row.dataset);
    if (isFocused) old.querySelector(".flows-link").focus({ preventScroll: true });
  }
}

function replace(page) {
  const known = rows(document);
  const hadRows = known.size > 0;
  document.getElementById("list").replaceWith(page.getElementById("list"));
  document.getElementById("pager").replaceWith(page.getElementById("pager"));
  for (const [id, row] of rows(document)) {
    if (hadRows && !known.has(id)) row.classList.add("is-new");
  }
  news.hidden = true;
}

async function read() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.getElementById("list") ? page : null;
}

async function look() {
  const page = await read();
  if (!page) return;
  const fresh = announce(page);
  if (!isInUse()) {
    replace(page);
    return;
  }
  if (fresh.length) {
    news.textContent = fresh.length === 1 ? "Show 1 new login" : `Show ${fresh.length} new logins`;
    news.hidden = false;
  }
  refresh(page);
}

async function show() {
  const page = await read();
  if (!page) return;
  replace(page);
  scrollTo({ top: 0 });
  document.querySelector(".flows-link")?.focus({ preventScroll: true });
}

function lookSoon() {
  clearTimeout(timer);
  timer = setTimeout(() => look().catch(() => tell("off", "Not live")), QUIET);
}

function listen() {
  if (stream || document.hidden) return;
  const address = new URL(section.dataset.events, location.href);
  if (reached) address.searchParams.set("after", reached);
  stream = new EventSource(address);
  stream.addEventListener("open", () => tell("on", "Live"));
  stream.addEventListener("flows", (event) => {
    reached = event.data;
    lookSoon();
  });
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED) return;
    // There was no room for one more: until there is, this page looks by itself.
    rest();
    tell("off", "Every 5 seconds");
    setTimeout(() => {
      lookSoon();
      listen();
    }, AGAIN);
  });
}

function rest() {
  if (stream) stream.close();
  stream = null;
}

if (section?.dataset.events) {
  news.addEventListener("click", () => show().catch(() => tell("off", "Not live")));
  // A browser has few connections to one origin, so a tab that nobody sees gives its own back.
  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : listen()));
  addEventListener("pagehide", rest);
  addEventListener("pageshow", listen);
  listen();
}
