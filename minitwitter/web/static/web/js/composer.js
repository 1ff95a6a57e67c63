// Writing: a counter that agrees with the server, a draft that survives, a picture by choice, paste or drop.
import { tell, word } from "./words.js";

const LARGEST = 10 * 1024 * 1024;
const KINDS = ["image/jpeg", "image/png", "image/webp", "image/gif"];
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
    this.file = form.elements.image;
    this.limit = Number(form.dataset.length);
    this.counter = form.querySelector(".counter");
    this.button = form.querySelector("button.primary");
    this.preview = form.querySelector(".composer-preview");
    this.draft = form.dataset.composer === "edit" ? null : `draft of ${document.body.dataset.viewer}`;
    this.restore();
    this.text.addEventListener("input", () => this.changed());
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) form.requestSubmit();
    });
    form.addEventListener("submit", (event) => this.submit(event));
    window.addEventListener("pageshow", () => this.release());
    if (this.file) this.startPictures();
    this.changed();
  }

  grow() {
    if (CSS.supports("field-sizing", "content")) return;
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }

  restore() {
    if (!this.draft || this.text.value.trim()) return;
    const kept = localStorage.getItem(this.draft);
    if (kept) this.text.value = kept;
  }

  changed() {
    this.grow();
    const left = this.limit - count(this.text.value);
    const near = left <= Math.max(20, this.limit / 7);
    this.counter.hidden = !near;
    this.counter.textContent = left < 0 ? word("over", -left) : word("left", left);
    this.counter.classList.toggle("near", near && left >= 0);
    this.counter.classList.toggle("over", left < 0);
    const empty = !this.text.value.trim() && !this.file?.files.length && !this.form.querySelector(".kept");
    this.button.disabled = left < 0 || empty;
    if (this.draft) {
      if (this.text.value.trim()) localStorage.setItem(this.draft, this.text.value);
      else localStorage.removeItem(this.draft);
    }
  }

  submit(event) {
    if (this.sending) return event.preventDefault();
    this.sending = true;
    this.button.dataset.label ??= this.button.textContent;
    this.button.textContent = word("sending");
    // The draft goes when the server has the tweet: the page that follows says so.
    if (this.draft) sessionStorage.setItem("sent", this.draft);
  }

  release() {
    this.sending = false;
    if (this.button.dataset.label) this.button.textContent = this.button.dataset.label;
  }

  startPictures() {
    this.file.addEventListener("change", () => this.show());
    this.form.addEventListener("paste", (event) => this.take(event, event.clipboardData));
    this.form.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      this.form.classList.add("dropping");
    });
    for (const name of ["dragleave", "drop"]) this.form.addEventListener(name, () => this.form.classList.remove("dropping"));
    this.form.addEventListener("drop", (event) => this.take(event, event.dataTransfer));
    this.show();
  }

  take(event, transfer) {
    const [file] = transfer.files;
    if (!file) return;
    event.preventDefault();
    const files = new DataTransfer();
    files.items.add(file);
    this.file.files = files.files;
    this.show();
  }

  show() {
    const [file] = this.file.files;
    if (this.shown) URL.revokeObjectURL(this.shown);
    this.shown = null;
    this.preview.replaceChildren();
    if (file && (file.size > LARGEST || !KINDS.includes(file.type))) {
      tell(word(KINDS.includes(file.type) ? "large" : "noPicture"));
      this.file.value = "";
      return this.show();
    }
    this.preview.hidden = !file;
    this.form.classList.toggle("with-picture", Boolean(file));
    if (file) {
      const image = new Image();
      image.src = this.shown = URL.createObjectURL(file);
      image.alt = "";
      this.preview.append(image, this.removeButton());
    }
    this.changed();
  }

  removeButton() {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "icon-button";
    button.setAttribute("aria-label", word("remove"));
    button.innerHTML = '<svg class="icon" aria-hidden="true"><use href="#i-x"/></svg>';
    button.addEventListener("click", () => {
      this.file.value = "";
      this.form.elements.image_alt.value = "";
      this.show();
      this.file.focus();
    });
    return button;
  }
}

export function startComposers() {
  const sent = sessionStorage.getItem("sent");
  const failed = document.querySelector("[data-composer] .problem");
  if (sent && document.querySelector(".saying") && !failed) localStorage.removeItem(sent);
  sessionStorage.removeItem("sent");
  for (const form of document.querySelectorAll("form[data-composer]")) new Composer(form);
}
