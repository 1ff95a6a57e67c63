// Likes and follows that were changed here: wherever else the same button stands, and on pages that Back brings up as they
// were before.
import { tab } from "./storage.js";
import { word } from "./words.js";

const MOST = 300;

export function startStates() {
  // Before it has settled, it has the attributes of what it takes the place of.
  document.body.addEventListener("htmx:afterSettle", ({ target }) => {
    if (target.matches(".heart, .button[name=following]")) changed(target);
  });
  window.addEventListener("pageshow", (event) => {
    const built = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
    if (event.persisted || built) showStates();
  });
}

function changed(button) {
  const kept = states();
  delete kept[button.id];
  kept[button.id] = button.outerHTML;
  const entries = Object.entries(kept).slice(-MOST);
  tab.set("changed", JSON.stringify(Object.fromEntries(entries)));
  show(button.id, button.outerHTML, button);
}

function states() {
  return JSON.parse(tab.get("changed") ?? "{}");
}

function showStates() {
  for (const [id, html] of Object.entries(states())) show(id, html);
}

function show(id, html, besides) {
  for (const other of document.querySelectorAll(`[id="${CSS.escape(id)}"]`)) {
    if (other === besides || other.outerHTML === html) continue;
    const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
    other.replaceWith(fresh);
    window.htmx?.process(fresh);
  }
  showLikes(document.querySelector(`.tweet.whole [id="${CSS.escape(id)}"].heart`));
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
