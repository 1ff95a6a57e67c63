// What somebody has begun to write, kept in this browser until it is posted. One text never takes the place of another
// for good: a text that comes from elsewhere (another app shares it) sets the draft aside, and that is offered again.
import { local } from "./storage.js";

export class Draft {
  /** `edited`: the path of the tweet that is being changed, if it is one that is there already. */
  constructor(viewer, edited = "") {
    this.key = `draft of ${viewer}${edited && `, ${edited}`}`;
    this.other = `draft of ${viewer}, aside${edited && ` ${edited}`}`;
    this.isEdit = Boolean(edited);
  }

  get text() {
    return local.get(this.key) ?? "";
  }

  get aside() {
    return local.get(this.other) ?? "";
  }

  /** The text to begin with, where the page has come with this one. */
  begin(given) {
    if (this.isEdit) return this.beginEdit(given);
    const kept = this.text;
    if (!given.trim()) return kept || this.swap("");
    if (kept && kept.trim() !== given.trim()) this.setAside(kept);
    return given;
  }

  beginEdit(given) {
    const kept = this.text;
    if (!kept || kept.trim() === given.trim()) {
      this.drop();
      return given;
    }
    local.set(this.other, given);
    return kept;
  }

  /** Whether the text is safe. */
  keep(text) {
    if (text.trim()) return local.set(this.key, text);
    local.remove(this.key);
    return true;
  }

  setAside(text) {
    const { aside } = this;
    local.set(this.other, aside && aside !== text ? `${aside}\n\n${text}` : text);
  }

  /** What was set aside; the text takes its place. */
  swap(text) {
    const { aside } = this;
    if (!aside) return text;
    if (text.trim()) local.set(this.other, text);
    else local.remove(this.other);
    this.keep(aside);
    return aside;
  }

  throwAside() {
    local.remove(this.other);
  }

  drop() {
    local.remove(this.key);
    if (this.isEdit) this.throwAside();
  }
}
