// Writing: a counter that agrees with the server, a draft that survives, a picture by choice, paste or drop.
import { Attachment } from "./attachment.js";
import { cameBack } from "./back.js";
import { Draft } from "./drafts.js";
import { PATIENCE } from "./forms.js";
import { local, tab } from "./storage.js";
import { tell, word } from "./words.js";

const EXCERPT = 80;
const segmenter = "Segmenter" in Intl ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;

/** Grapheme clusters, as the server counts. */
export function count(text) {
  if (!segmenter) return Array.from(text).length;
  let number = 0;
  for (const _ of segmenter.segment(text)) number += 1;
  return number;
}

class Composer {
  constructor(form) {
    this.form = form;
    this.text = form.elements.text;
    this.limit = Number(form.dataset.length);
    this.counter = form.querySelector(".counter");
    this.button = form.querySelector("button.primary");
    const isEdit = form.dataset.composer === "edit";
    this.draft = new Draft(document.body.dataset.viewer, isEdit ? form.getAttribute("action") : "");
    const isOld = !isEdit && cameBack() && (this.draft.text || this.text.value === tab.get("posted"));
    this.text.value = this.draft.begin(isOld ? "" : this.text.value);
    this.attachment = form.elements.image ? new Attachment(form, () => this.changed()) : null;
    this.listen();
    this.changed();
    this.showAside();
  }

  listen() {
    this.text.addEventListener("input", () => this.changed());
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.metaKey || event.ctrlKey) && !this.button.disabled) this.form.requestSubmit();
    });
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.form.querySelector("[data-cancel]")?.addEventListener("click", () => this.draft.drop());
    window.addEventListener("pageshow", (event) => this.shown(event));
    // Another window went on with the same draft, or has posted it.
    window.addEventListener("storage", (event) => {
      if (event.key === this.draft.key && this.text.value === (event.oldValue ?? "")) this.fill(event.newValue ?? "");
    });
  }

  fill(text) {
    this.text.value = text;
    this.changed();
  }

  grow() {
    if (CSS.supports("field-sizing", "content")) return;
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }

  changed() {
    this.grow();
    const left = this.limit - count(this.text.value);
    const near = left <= Math.max(20, this.limit / 7);
    this.counter.hidden = !near;
    this.counter.textContent = left < 0 ? word("over", -left) : word("left", left);
    this.counter.classList.toggle("near", near && left >= 0);
    this.counter.classList.toggle("over", left < 0);
    const empty = !this.text.value.trim() && !this.attachment?.file && !this.form.querySelector(".kept");
    this.button.disabled = left < 0 || empty;
    this.isSafe = this.draft.keep(this.text.value);
  }

  submit(event) {
    if (this.sentAt && Date.now() - this.sentAt < PATIENCE) return event.preventDefault();
    if (!navigator.onLine) {
      event.preventDefault();
      return tell(word("offline"));
    }
    this.sentAt = Date.now();
    this.button.dataset.label ??= this.button.textContent;
    this.button.textContent = word("sending");
    this.form.setAttribute("aria-busy", "true");
    // The draft goes when the server has the tweet: the page that follows says so.
    const keys = this.draft.isEdit ? [this.draft.key, this.draft.other] : [this.draft.key];
    tab.set("sent", JSON.stringify({ keys, text: this.text.value }));
  }

  /**
   * The page is there, perhaps again: Back may bring it with the text that was in it when it was left. The draft is
   * newer, and gone if it was posted.
   */
  shown(event) {
    this.sentAt = 0;
    this.form.removeAttribute("aria-busy");
    if (this.button.dataset.label) this.button.textContent = this.button.dataset.label;
    if (!(event.persisted || cameBack()) || this.draft.isEdit || !this.isSafe) return;
    const { text } = this.draft;
    if (!text && this.text.value) this.attachment?.remove();
    this.fill(text);
    this.showAside();
  }

  /** The offer of a text that had to make room. */
  showAside() {
    const place = this.form.querySelector(".composer-aside");
    const { aside } = this.draft;
    if (!place) return;
    place.hidden = !aside;
    place.querySelector("q").textContent = aside.length > EXCERPT ? `${aside.slice(0, EXCERPT - 1)}…` : aside;
    const [back, away] = place.querySelectorAll("button");
    back.onclick = () => {
      this.fill(this.draft.swap(this.text.value));
      this.showAside();
      this.text.focus();
    };
    away.onclick = () => {
      this.draft.throwAside();
      this.showAside();
      this.text.focus();
    };
  }
}

export function startComposers() {
  const sent = JSON.parse(tab.get("sent") ?? "null");
  tab.remove("sent");
  const failed = document.querySelector("[data-composer] .problem");
  if (sent && document.querySelector(".saying") && !failed) {
    for (const key of sent.keys) local.remove(key);
    tab.set("posted", sent.text);
  }
  for (const form of document.querySelectorAll("form[data-composer]")) new Composer(form);
}
