// Shortcuts of single keys, which can be switched off (WCAG 2.2, 2.1.4), and a sheet that lists them.
import { local } from "./storage.js";

const OFF = "shortcuts off";
let afterG = 0;

export function startKeys() {
  const sheet = document.getElementById("shortcuts");
  const box = document.getElementById("shortcuts-on");
  box.checked = !local.get(OFF);
  box.addEventListener("change", () => (box.checked ? local.remove(OFF) : local.set(OFF, "1")));
  document.addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
    if (event.key === "?") return sheet.showModal();
    if (box.checked) act(event);
  });
}

function act(event) {
  const second = Date.now() - afterG < 1500;
  afterG = 0;
  if (second && event.key === "h") location.assign("/");
  else if (second && event.key === "e") location.assign("/public");
  else if (event.key === "g") afterG = Date.now();
  else if (event.key === "j") move(event, 1);
  else if (event.key === "k") move(event, -1);
  else if (event.key === "n") write(event);
  else if (event.key === ".") document.dispatchEvent(new Event("minitwitter:show"));
  else if (event.key === "l") current()?.querySelector(".heart")?.click();
  else if (event.key === "Enter" && event.target === document.body) current()?.querySelector(".when")?.click();
}

function current() {
  return document.querySelector(".tweet.at") ?? document.querySelector(".tweet.whole");
}

function move(event, by) {
  const tweets = [...document.querySelectorAll(".feed .tweet")];
  if (!tweets.length) return;
  event.preventDefault();
  const at = tweets.indexOf(document.querySelector(".tweet.at"));
  const next = tweets[Math.min(tweets.length - 1, Math.max(0, at + by))];
  document.querySelector(".tweet.at")?.classList.remove("at");
  next.classList.add("at");
  next.querySelector(".when").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function write(event) {
  event.preventDefault();
  const text = document.getElementById("compose-text");
  if (!text) return location.assign("/compose");
  text.focus();
  text.scrollIntoView({ block: "center" });
}
