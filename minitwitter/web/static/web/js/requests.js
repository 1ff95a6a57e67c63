// Likes, follows and lists without a reload. htmx sends and replaces; here is what happens when that fails, and where
// the focus goes.
import { tell, word } from "./words.js";

export function startRequests() {
  const { body } = document;
  // A second click while the first is on its way would only repeat it.
  body.addEventListener("htmx:beforeRequest", (event) => {
    const element = event.detail.elt;
    if (element.dataset.busy) event.preventDefault();
    else element.dataset.busy = "1";
  });
  body.addEventListener("htmx:afterRequest", (event) => delete event.detail.elt.dataset.busy);
  // When it was answered already, the second of a double click meets the button that takes it back.
  body.addEventListener("click", ignoreSecond, true);
  for (const name of ["htmx:sendError", "htmx:timeout"]) body.addEventListener(name, () => tell(word("offline")));
  body.addEventListener("htmx:responseError", (event) => {
    const answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    tell(answer.querySelector("[data-trouble]")?.textContent ?? word("failed"));
  });
  body.addEventListener("htmx:beforeSwap", (event) => keepFocus(event.detail.requestConfig.elt));
  window.addEventListener("online", goOn);
}

function ignoreSecond(event) {
  if (event.detail < 2 || !event.target.closest("button[hx-post]")) return;
  event.preventDefault();
  event.stopPropagation();
}

/**
 * The focus stays on the button that was pressed, which another one has replaced (the same may stand twice on a page).
 * Who has asked for more by the keyboard goes on with the first that came, where the link was.
 */
function keepFocus(pressed) {
  if (document.activeElement !== pressed) return;
  const before = pressed.previousElementSibling;
  const focus = ({ target, detail }) => {
    if (detail.requestConfig.elt !== pressed) return;
    document.body.removeEventListener("htmx:afterSettle", focus);
    const next = pressed.matches("a.more") ? before?.nextElementSibling : target;
    (next?.querySelector(".when") ?? next?.querySelector(".author") ?? next)?.focus({ preventScroll: true });
  };
  document.body.addEventListener("htmx:afterSettle", focus);
}

/** Lists whose end is seen go on when there is a connection again. */
function goOn() {
  for (const link of document.querySelectorAll("a.more[hx-get]")) {
    if (link.getBoundingClientRect().top < innerHeight) link.click();
  }
}
