// The picture of a new tweet: chosen, pasted or dropped; seen before it is sent, and taken back.
import { tell, word } from "./words.js";

const LARGEST = 10 * 1024 * 1024;
const KINDS = ["image/jpeg", "image/png", "image/webp", "image/gif"];

export class Attachment {
  /** `changed` is called when there is another picture, or none. */
  constructor(form, changed) {
    this.form = form;
    this.input = form.elements.image;
    this.changed = changed;
    this.preview = form.querySelector(".composer-preview");
    this.input.addEventListener("change", () => this.show());
    form.addEventListener("paste", (event) => this.take(event, event.clipboardData));
    form.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      form.classList.add("dropping");
    });
    form.addEventListener("dragleave", (event) => {
      if (!form.contains(event.relatedTarget)) form.classList.remove("dropping");
    });
    form.addEventListener("drop", (event) => {
      form.classList.remove("dropping");
      this.take(event, event.dataTransfer);
    });
    if (this.file) this.show();
  }

  get file() {
    return this.input.files[0];
  }

  take(event, transfer) {
    const [file] = transfer.files;
    // A word processor's clipboard has its text as a picture, too: the text is meant.
    if (!file || (event.type === "paste" && transfer.types.includes("text/plain"))) return;
    event.preventDefault();
    const files = new DataTransfer();
    files.items.add(file);
    this.input.files = files.files;
    this.show();
  }

  remove() {
    this.input.value = "";
    this.form.elements.image_alt.value = "";
    this.show();
  }

  show() {
    const { file } = this;
    if (this.shown) URL.revokeObjectURL(this.shown);
    this.shown = null;
    this.preview.replaceChildren();
    if (file && (file.size > LARGEST || !KINDS.includes(file.type))) {
      tell(word(KINDS.includes(file.type) ? "large" : "noPicture"));
      this.input.value = "";
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
      this.remove();
      this.input.focus();
    });
    return button;
  }
}
