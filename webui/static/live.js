// Keeps a page true while it is open: after each event of the phone the page is asked for again and what differs is put in place.
// The server draws everything; this script only exchanges it, sends forms without leaving the page and moves the clocks.
import "./menu.js";

const toast = document.getElementById("toast");
const lost = document.getElementById("lost");
let offset = Date.now() - Number(document.body.dataset.now); // of this computer's clock from the phone's
let since = document.body.dataset.since;

document.documentElement.classList.add("js");

// ---- one request at a time, in order: an older answer never covers a newer one

let last = Promise.resolve();
const inTurn = (task) => (last = last.then(task).catch((e) => {
  console.warn(e);
  setLost("request", true);
}));

async function ask(url, options) {
  const answer = await fetch(url, { credentials: "same-origin", ...options });
  const html = await answer.text();
  if (loggedOut(answer)) return document.querySelector(".unsaved.changed") ? null : location.reload();
  const isPage = (answer.headers.get("content-type") || "").startsWith("text/html");
  if (!isPage) say(html.trim(), true);
  setLost("request", false);
  return isPage ? new DOMParser().parseFromString(html, "text/html") : null;
}

// loggedOut reports whether the login was asked for instead, and says so: what was typed must not go with the page.
export function loggedOut(answer) {
  const is = new URL(answer.url).pathname === "/login";
  setLost("session", is);
  return is;
}

let waiting = false, acted = false;
export function refresh(byHand = false) {
  acted ||= byHand;
  if (waiting) return; // the request that waits for its turn will see this change too
  waiting = true;
  setTimeout(() => inTurn(async () => {
    const headers = acted ? {} : { "Hilphone-Refresh": "1" }; // nobody has done anything: no use of the login
    waiting = acted = false;
    if (document.hidden) return;
    put(await ask(location.href, { headers }));
  }), 30);
}

// part sends the values as they are when its turn comes and puts one part of the page that comes back in place.
const asked = new Set();
export function part(id, url, values) {
  if (asked.has(id)) return;
  asked.add(id);
  inTurn(async () => {
    asked.delete(id);
    const page = await ask(url, { method: "POST", body: new URLSearchParams(values()) });
    const now = document.getElementById(id), next = page?.getElementById(id);
    if (now && next) exchange(now, next, true);
  });
}

// send sends a form as the button would, and shows the page that comes back. Values may be a function that gives them in time.
export function send(form, values) {
  return inTurn(async () => {
    const page = await ask(form.action, { method: "POST", body: new URLSearchParams(typeof values === "function" ? values() : values) });
    if (!page) return refresh();
    const notice = page.getElementById("toast");
    if (notice && !notice.hidden) say(notice.textContent, notice.classList.contains("bad"));
    if (page.body.dataset.now && page.title === document.title) put(page);
    return page;
  });
}

document.addEventListener("submit", (e) => {
  const form = e.target;
  if (!("live" in form.dataset) || e.defaultPrevented) return;
  e.preventDefault();
  if (form.dataset.keep === "typed") delete form.dataset.keep;
  send(form, new FormData(form, e.submitter));
});

// What is typed or chosen in a form stays until it is sent, whatever the page learns meanwhile.
document.addEventListener("input", (e) => {
  const form = e.target.form;
  if (form && "live" in form.dataset && !("keep" in form.dataset)) form.dataset.keep = "typed";
});

// ---- what differs is put in place; what has the focus, is being typed or was folded open stays

// A page that follows what comes stays at its end if it is there.
const main = document.getElementById("main");
const atEnd = () => "follow" in main.dataset && innerHeight + scrollY > document.documentElement.scrollHeight - 40;
const toEnd = () => scrollTo(0, document.documentElement.scrollHeight);
if ("follow" in main.dataset) toEnd();

function put(page) {
  if (!page) return;
  const follow = atEnd();
  offset = Date.now() - Number(page.body.dataset.now);
  for (const part of ["header", "main", "footer"]) {
    const now = document.querySelector(`body > ${part}`), next = page.querySelector(`body > ${part}`);
    if (now && next) exchange(now, next);
  }
  if (follow) toEnd();
  tick();
}

function exchange(now, next, kept = false) {
  if (now.nodeType !== next.nodeType || now.nodeName !== next.nodeName) return now.replaceWith(next);
  if (now.nodeType !== Node.ELEMENT_NODE) {
    if (now.data !== next.data) now.data = next.data;
    return;
  }
  if ("keep" in now.dataset && !kept) return;
  for (const { name } of [...now.attributes]) if (!next.hasAttribute(name) && name !== "open" && name !== "data-keep") now.removeAttribute(name);
  for (const { name, value } of next.attributes) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  if (now.nodeName === "INPUT") now.checked = next.checked;
  if (now.nodeName === "SELECT") {
    if (now === document.activeElement) return;
    const selected = [...next.options].findIndex((o) => o.selected);
    if (now.textContent !== next.textContent) now.replaceChildren(...next.childNodes);
    now.selectedIndex = selected;
    return;
  }
  const ids = new Set([...next.children].map((c) => c.id).filter(Boolean));
  let place = now.firstChild;
  for (const child of [...next.childNodes]) {
    while (place && place.id && !ids.has(place.id)) place = skip(place);
    const same = child.id && [...now.children].find((c) => c.id === child.id);
    if (same) {
      if (same !== place) now.insertBefore(same, place);
      else place = place.nextSibling;
      exchange(same, child);
    } else if (place && !place.id) {
      const next = place.nextSibling;
      exchange(place, child);
      place = next;
    } else {
      now.insertBefore(child, place);
    }
  }
  while (place) place = skip(place);
}

function skip(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

// ---- words to the user

let hide;
export function say(text, bad = false) {
  clearTimeout(hide);
  toast.textContent = text;
  toast.classList.toggle("bad", bad);
  toast.hidden = false;
  hide = setTimeout(() => (toast.hidden = true), bad ? 12000 : 6000);
}
if (!toast.hidden) say(toast.textContent, toast.classList.contains("bad"));

const down = new Set(); // which ways to the phone do not work
function setLost(way, is) {
  if (is) down.add(way);
  else down.delete(way);
  const text = down.has("session") ? lost.dataset.ended : down.size ? lost.dataset.text : "";
  if (lost.textContent === text) return;
  lost.hidden = !text;
  lost.textContent = text;
  document.body.classList.toggle("stale", down.size > 0);
}

// ---- the stream of events; only while the page is looked at, as a browser has few connections to one server

let stream, again, wait = 1000;
function open() {
  clearTimeout(again);
  stream?.close();
  stream = new EventSource(`/api/v1/events/stream?since=${since}`);
  for (const type of document.body.dataset.types.split(" ")) stream.addEventListener(type, (e) => {
    since = e.lastEventId || since;
    refresh();
  });
  stream.onopen = () => {
    wait = 1000;
    setLost("stream", false);
    refresh();
  };
  stream.onerror = () => {
    setLost("stream", true);
    if (stream.readyState !== EventSource.CLOSED) return; // it comes back by itself, with Last-Event-ID
    refresh(); // whoever is logged out is sent to the login
    again = setTimeout(open, wait);
    wait = Math.min(wait * 2, 30000);
  };
}
function close() {
  clearTimeout(again);
  stream?.close();
}
document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
addEventListener("pagehide", close);
addEventListener("pageshow", (e) => e.persisted && open());
if (!document.hidden) open();
// Drawings move with time even if nothing happens, some faster than others.
let moved = 0;
setInterval(() => {
  if (Date.now() - moved < Number(main.dataset.pace || 20000)) return;
  moved = Date.now();
  refresh();
}, 1000);

// ---- clocks: texts that are no live regions

function tick() {
  const now = Date.now() - offset;
  for (const e of document.querySelectorAll("[data-until]")) write(e, Number(e.dataset.until) - now);
  for (const e of document.querySelectorAll("[data-since]:not(body)")) write(e, now - Number(e.dataset.since));
}
function write(e, ms) {
  const s = Math.max(0, Math.round(ms / 1000)), two = (n) => String(n).padStart(2, "0");
  const text = s < 3600 ? `${two(Math.floor(s / 60))}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  if (e.textContent !== text) e.textContent = text;
}
setInterval(tick, 500);
tick();

// ---- links that only choose what the page shows

document.addEventListener("click", (e) => {
  const link = e.target.closest?.("a[data-swap]");
  if (!link || e.ctrlKey || e.metaKey || e.shiftKey) return;
  e.preventDefault();
  history.replaceState(null, "", link.getAttribute("href"));
  refresh(true);
});

// Keys that a link names for itself, where nobody types.
document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || document.activeElement?.matches("input, select, textarea")) return;
  document.querySelector(`a[aria-keyshortcuts="${CSS.escape(e.key)}"]`)?.click();
});

// The word about what was done is said once, not again at a reload.
const here = new URL(location.href);
if (here.searchParams.has("done")) {
  here.searchParams.delete("done");
  history.replaceState(null, "", here);
}
