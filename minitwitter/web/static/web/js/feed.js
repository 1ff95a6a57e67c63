// Lists that go on by themselves: Back finds the same place again, and new tweets wait above until they are wanted.
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
  const [entry] = performance.getEntriesByType("navigation");
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
  let grown = entry?.type === "back_forward" && kept?.who === who && kept.grown;
  if (grown) {
    history.scrollRestoration = "manual";
    feed.innerHTML = kept.html;
    window.htmx?.process(feed);
    requestAnimationFrame(() => scrollTo(0, kept.top));
  }
  feed.addEventListener("htmx:load", () => (grown = true));
  window.addEventListener("pagehide", () => {
    const html = grown && feed.innerHTML.length < LARGEST ? feed.innerHTML : "";
    try {
      sessionStorage.setItem(key, JSON.stringify({ who, html, top: scrollY, grown: Boolean(html) }));
    } catch {
      sessionStorage.clear(); // Full: older lists make room the next time.
    }
  });
}

/** Asks now and then for what is newer than the first tweet. */
class Live {
  constructor(feed) {
    this.feed = feed;
    this.waiting = null;
    this.timer = setInterval(() => this.ask(), POLL);
    document.addEventListener("visibilitychange", () => document.hidden || this.ask());
    document.addEventListener("minitwitter:ask", () => this.ask());
    document.addEventListener("minitwitter:show", () => this.waiting && this.show());
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
    const tweets = [...fresh.querySelectorAll(".tweet")];
    if (!tweets.length) return;
    this.waiting = tweets;
    const text = tweets.length === 1 ? word("newOne") : word("newMany", tweets.length < PAGE ? tweets.length : `${PAGE}+`);
    if (!this.pill) {
      this.pill = document.createElement("div");
      this.pill.className = "pill";
      this.pill.setAttribute("role", "status");
      const button = document.createElement("button");
      button.className = "button primary small";
      button.addEventListener("click", () => this.show());
      this.pill.append(button);
      this.feed.before(this.pill);
    }
    this.pill.firstChild.textContent = text;
    document.title = `(${tweets.length}) ${document.title.replace(/^\(\d+\) /, "")}`;
  }

  show() {
    // More than a page: what is between would be missing, so the list begins anew.
    if (this.waiting.length >= PAGE) return location.assign(this.feed.dataset.feed);
    const known = new Set([...this.feed.querySelectorAll(".tweet")].map((tweet) => tweet.id));
    const fresh = this.waiting.filter((tweet) => !known.has(tweet.id)).map((tweet) => document.adoptNode(tweet));
    this.feed.prepend(...fresh);
    fresh.forEach((tweet) => window.htmx?.process(tweet));
    showTimes(this.feed);
    this.feed.parentElement.querySelector(".empty")?.remove();
    this.pill.remove();
    this.pill = this.waiting = null;
    document.title = document.title.replace(/^\(\d+\) /, "");
    scrollTo({ top: 0, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    fresh[0]?.querySelector(".when")?.focus({ preventScroll: true });
  }
}
