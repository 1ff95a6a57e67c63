// Lists that go on by themselves: Back finds the same place again, and new tweets wait above until they are wanted.
import { cameBack } from "./back.js";
import { tab } from "./storage.js";
import { showTimes } from "./times.js";
import { word } from "./words.js";

const POLL = 45000;
const LARGEST = 1500000; // Characters of a list that is kept for Back; browsers give each site five million.
const PAGE = 20;

export function startFeeds() {
  const feed = document.querySelector(".feed");
  if (!feed) return;
  keepForBack(feed);
  if ("live" in feed.dataset && document.body.dataset.viewer) new Live(feed);
}

/** Browsers that do not keep a page whole build it anew on Back: then the list grows to what it was. */
function keepForBack(feed) {
  const key = `list ${location.pathname}${location.search}`;
  const who = document.body.dataset.viewer;
  const kept = JSON.parse(tab.get(key) ?? "null");
  let grown = cameBack() && kept?.who === who && kept.grown;
  if (grown) {
    history.scrollRestoration = "manual";
    feed.innerHTML = kept.html;
    window.htmx?.process(feed);
    requestAnimationFrame(() => scrollTo(0, kept.top));
  }
  for (const name of ["htmx:afterSwap", "minitwitter:grown"]) feed.addEventListener(name, () => (grown = true));
  window.addEventListener("pagehide", () => {
    if (!grown) return tab.remove(key);
    for (const menu of feed.querySelectorAll("details[open]")) menu.open = false;
    const html = feed.innerHTML.length < LARGEST ? feed.innerHTML : "";
    if (tab.set(key, JSON.stringify({ who, html, top: scrollY, grown: Boolean(html) }))) return;
    tab.removeWhere((other) => other.startsWith("list ")); // Full: older lists make room the next time.
  });
}

/** Asks now and then for what is newer than the first tweet. */
class Live {
  constructor(feed) {
    this.feed = feed;
    this.waiting = [];
    this.timer = setInterval(() => this.ask(), POLL);
    document.addEventListener("visibilitychange", () => this.ask());
    window.addEventListener("pageshow", (event) => event.persisted && this.ask());
    document.addEventListener("minitwitter:ask", () => this.ask());
    document.addEventListener("minitwitter:show", () => this.waiting.length && this.show());
    // There from the beginning: screen readers read out what changes in it, not that it came.
    this.place = document.createElement("div");
    this.place.className = "pill";
    this.place.setAttribute("role", "status");
    this.feed.before(this.place);
  }

  get newest() {
    return this.feed.querySelector(".tweet")?.dataset.id ?? "0";
  }

  async ask() {
    if (document.hidden || this.asking) return;
    this.asking = true;
    try {
      const answer = await fetch(`${this.feed.dataset.feed}?since_id=${this.newest}`, {
        headers: { "HX-Request": "true" },
        redirect: "error",
      });
      if (answer.headers.has("HX-Redirect")) return clearInterval(this.timer); // Signed out elsewhere.
      if (answer.ok) this.offer(await answer.text());
    } catch {
      // No connection: asked again at the next turn.
    } finally {
      this.asking = false;
    }
  }

  offer(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    // Some may have been shown while the question was on its way.
    this.waiting = [...fresh.querySelectorAll(".tweet")].filter((tweet) => !document.getElementById(tweet.id));
    const { length } = this.waiting;
    if (!length) return this.clear();
    this.place.firstChild ?? this.place.append(this.button());
    const text = word("new", length, length < PAGE ? length : `${PAGE}+`);
    // The same words again would be read out again.
    if (this.place.firstChild.textContent !== text) this.place.firstChild.textContent = text;
    document.title = `(${length}) ${document.title.replace(/^\(\d+\) /, "")}`;
  }

  button() {
    const button = document.createElement("button");
    button.className = "button primary small";
    button.addEventListener("click", () => this.show());
    return button;
  }

  clear() {
    this.waiting = [];
    this.place.replaceChildren();
    document.title = document.title.replace(/^\(\d+\) /, "");
  }

  show() {
    // More than a page: what is between would be missing, so the list begins anew.
    if (this.waiting.length >= PAGE) return location.assign(this.feed.dataset.feed);
    const fresh = this.waiting.map((tweet) => document.adoptNode(tweet));
    this.feed.prepend(...fresh);
    fresh.forEach((tweet) => window.htmx?.process(tweet));
    this.feed.dispatchEvent(new Event("minitwitter:grown"));
    showTimes(this.feed);
    this.feed.parentElement.querySelector(".empty")?.remove();
    this.clear();
    scrollTo({ top: 0, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    fresh[0].querySelector(".when").focus({ preventScroll: true });
  }
}
