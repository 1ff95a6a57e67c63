// What was changed here, on pages that Back brings up as they were before: likes and follows (wherever else the same
// button stands, at once), texts, and tweets that are gone.
import { cameBack } from "./back.js";
import { tab } from "./storage.js";
import { word } from "./words.js";

const MOST = 300;
const DELETE = /^\/@\w+\/(\d+)\/delete$/;

export function startStates() {
  if (!cameBack()) renew();
  rememberTweets();
  document.body.addEventListener("htmx:afterSettle", ({ target }) => {
    if (target.matches(".heart, .button[name=following]")) changed(target);
  });
  document.addEventListener("submit", ({ target }) => {
    const [, id] = DELETE.exec(target.getAttribute("action")) ?? [];
    if (id) tab.set("deleting", `t${id}`);
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted || cameBack()) showStates();
  });
}

/** A page from the server knows better than what was remembered. */
function renew() {
  const kept = states();
  const here = Object.keys(kept).filter((id) => document.getElementById(id));
  if (!here.length) return;
  for (const id of here) kept[id] = stateOf(document.getElementById(id));
  tab.set("changed", JSON.stringify(kept));
}

function stateOf(element) {
  return element.matches(".tweet") ? (element.querySelector(".text")?.outerHTML ?? "") : element.outerHTML;
}

/** A page that says that something was done, behind the form of a tweet. */
function rememberTweets() {
  const deleting = tab.get("deleting");
  tab.remove("deleting");
  if (!document.querySelector(".saying")) return;
  if (deleting) remember(deleting, null);
  const whole = document.querySelector(".tweet.whole");
  if (whole) remember(whole.id, stateOf(whole));
}

function changed(button) {
  remember(button.id, stateOf(button));
  show(button.id, button.outerHTML, button);
}

function remember(id, html) {
  const kept = states();
  delete kept[id]; // The newest stand last.
  kept[id] = html;
  tab.set("changed", JSON.stringify(Object.fromEntries(Object.entries(kept).slice(-MOST))));
}

function states() {
  return JSON.parse(tab.get("changed") ?? "{}");
}

function showStates() {
  for (const [id, html] of Object.entries(states())) show(id, html);
}

function show(id, html, besides) {
  for (const other of document.querySelectorAll(`[id="${CSS.escape(id)}"]`)) {
    if (other.matches(".tweet")) {
      showTweet(other, html);
      continue;
    }
    if (other === besides || other.outerHTML === html) continue;
    const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
    other.replaceWith(fresh);
    window.htmx?.process(fresh);
  }
  showLikes(document.querySelector(`.tweet.whole [id="${CSS.escape(id)}"].heart`));
}

function showTweet(tweet, html) {
  if (html === null && !tweet.matches(".whole")) return tweet.remove();
  const text = tweet.querySelector(".text");
  if (text && html) text.outerHTML = html;
  else if (html === "") text?.remove();
}

/** The sentence above the button of a tweet's own page. */
function showLikes(heart) {
  const line = heart?.closest(".whole").querySelector(".whole-likes");
  if (!line) return;
  const number = Number(heart.dataset.count);
  const [before, after] = word("likes", number, "\n").split("\n");
  const strong = document.createElement("b");
  strong.textContent = heart.dataset.count;
  line.hidden = !number;
  line.firstElementChild.replaceChildren(before, strong, after);
}
