// The form Line > SIP: says what is not submitted yet, keeps what was typed, asks before it is lost.
import { loggedOut, part, say } from "./live.js";

const form = document.getElementById("sip");
const bar = document.getElementById("unsaved");
const text = document.getElementById("changes");
const words = form.dataset;
const plan = document.getElementById("plan");
let leaving = false;

const value = (e) => (e.type === "checkbox" ? (e.checked ? "1" : "0") : e.value);
const shown = (e, v) => {
  if (e.type === "checkbox") return v === "1" ? words.yes : words.no;
  if (e.type === "password") return words.typed;
  if (e.tagName === "SELECT") return [...e.options].find((o) => o.value === v)?.text ?? v;
  return v === "" ? words.empty : v;
};
const fields = () => [...form.querySelectorAll("[data-stored]")];
const changed = () => fields().filter((e) => value(e) !== e.dataset.stored);

function mark() {
  const list = changed();
  for (const e of fields()) {
    const field = e.closest(".field");
    const differs = list.some((c) => c.closest(".field") === field);
    field.classList.toggle("changed", differs);
    const hint = field.querySelector(".hint");
    let was = hint.querySelector(".was");
    if (!differs || e.type === "password" || e.name.endsWith("_remove")) {
      if (e.type !== "password" && !e.name.endsWith("_remove")) was?.remove();
      continue;
    }
    if (!was) {
      was = document.createElement("b");
      was.className = "was";
      hint.prepend(was, " ");
    }
    was.textContent = `${words.was} ${shown(e, e.dataset.stored)}`;
  }
  bar.classList.toggle("changed", list.length > 0);
  plan.toggleAttribute("data-keep", list.length > 0); // while something is typed the plan is of that
  document.getElementById("discard").disabled = list.length === 0;
  text.textContent = "";
  if (!list.length) return void (text.textContent = text.dataset.clean);
  const head = document.createElement("b");
  head.textContent = text.dataset.unsaved;
  text.append(head, " ");
  list.forEach((e, i) => {
    const now = document.createElement("b");
    now.textContent = shown(e, value(e));
    const label = e.closest(".field").dataset.name;
    text.append(i ? ", " : "", e.type === "password" ? `${label}: ` : `${label} ${shown(e, e.dataset.stored)} → `, now);
  });
}

// The plan follows what is typed, once the typing pauses. The phone works it out; secrets have no part in it.
let pause;
function follow() {
  clearTimeout(pause);
  pause = setTimeout(() => part("plan", `/line/plan${new URL(form.action).search}`, () => {
    const values = new FormData(form);
    for (const e of form.querySelectorAll("[type=password]")) values.delete(e.name);
    return values;
  }), 250);
}

form.addEventListener("input", () => {
  mark();
  follow();
});
form.addEventListener("reset", () => setTimeout(() => {
  for (const e of fields()) { // back to what is stored, not to a wrong value the page came with
    if (e.type === "checkbox") e.checked = e.dataset.stored === "1";
    else e.value = e.dataset.stored;
  }
  for (const e of form.querySelectorAll(".bad")) {
    e.classList.remove("bad");
    e.querySelector(".error")?.remove();
    e.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
  }
  document.getElementById("faults")?.remove();
  mark();
  follow();
}));

// Sent by fetch, so that nothing typed is lost while the phone does not answer. The answer is shown as the browser would.
form.addEventListener("submit", async (e) => {
  e.preventDefault();
  const button = document.getElementById("submit");
  button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const html = await answer.text();
    if (loggedOut(answer)) return;
    if (!(answer.headers.get("content-type") || "").startsWith("text/html")) return say(html.trim(), true);
    leaving = true;
    if (answer.ok) return location.replace(answer.url);
    const page = new DOMParser().parseFromString(html, "text/html");
    const next = page.getElementById("sip");
    if (!next) return location.reload();
    leaving = false;
    const secrets = [...form.querySelectorAll("[type=password]")].map((e) => [e.id, e.value]); // these do not come back
    form.replaceChildren(...next.childNodes);
    for (const [id, secret] of secrets) document.getElementById(id).value = secret;
    mark();
    follow();
    document.getElementById("faults")?.focus();
  } catch {
    say(words.unreachable, true);
  } finally {
    button.disabled = false;
  }
});

addEventListener("beforeunload", (e) => {
  if (!leaving && changed().length) e.preventDefault();
});

// A link to a field in a folded part unfolds it.
form.addEventListener("click", (e) => {
  const link = e.target.closest('a[href^="#"]');
  if (!link) return;
  e.preventDefault();
  const field = document.getElementById(link.hash.slice(1));
  field.closest("details")?.setAttribute("open", "");
  field.focus();
});

mark();
if (changed().length) follow(); // typed before this script came, or kept by the browser
document.getElementById("faults")?.focus();
