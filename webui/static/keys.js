// The keys of the phone: pressed by pointer or keyboard, they go to the phone in the order in which they were pressed.
import { send } from "./live.js";

const names = { enter: "ok", escape: "release", s: "speaker", m: "mute" };
const form = () => document.querySelector('form[action="/phone/keys"]');
let pressed = [];

function press(key) {
  if (key === "mute") return send(form(), [["keys", key]]);
  pressed.push(["keys", key]);
  if (pressed.length === 1) send(form(), take); // the others go along with it
}

// take hands over all keys that were pressed until the phone was free for them.
function take() {
  const keys = pressed;
  pressed = [];
  return keys;
}

document.addEventListener("submit", (e) => {
  if (e.submitter?.name !== "keys") return;
  e.preventDefault();
  press(e.submitter.value);
});

// Never while a field has the focus, and never what belongs to the browser: Enter on a link or a button is for that.
document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.repeat || e.isComposing) return;
  const at = document.activeElement;
  if (at?.matches("input, select, textarea, [contenteditable]")) return;
  if (e.key === "Enter" && at?.matches("a, button, summary")) return;
  const key = e.key.toLowerCase();
  const name = /^[0-9*#]$/.test(key) ? key : names[key];
  if (key !== "h" && !name) return;
  e.preventDefault();
  const button = key === "h" ? document.getElementById("hook") : form().querySelector(`button[value="${name}"]`);
  if (button?.disabled) return;
  if (key === "h") return button.form.requestSubmit(button);
  button?.classList.add("down");
  setTimeout(() => button?.classList.remove("down"), 120);
  press(name); // also a soft key that the page does not show yet: who types fast is ahead of it
});
