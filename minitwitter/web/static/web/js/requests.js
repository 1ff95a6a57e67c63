// Likes, follows and lists without a reload. htmx sends and replaces; here is what happens when that fails.
import { tell, word } from "./words.js";

export function startRequests() {
  const body = document.body;
  // A second click while the first is on its way would only repeat it.
  body.addEventListener("htmx:beforeRequest", (event) => {
    const element = event.detail.elt;
    if (element.dataset.busy) event.preventDefault();
    else element.dataset.busy = "1";
  });
  body.addEventListener("htmx:afterRequest", (event) => delete event.detail.elt.dataset.busy);
  for (const name of ["htmx:sendError", "htmx:timeout"]) body.addEventListener(name, () => tell(word("offline")));
  body.addEventListener("htmx:responseError", (event) => {
    const answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    tell(answer.querySelector("[data-trouble]")?.textContent ?? word("failed"));
  });
  window.addEventListener("online", () => document.querySelectorAll("a.more[hx-get]").forEach((link) => {
    if (link.getBoundingClientRect().top < innerHeight) link.click();
  }));
}
