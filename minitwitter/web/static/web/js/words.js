// The sentences that scripts show, in the language of the page, and where they are shown.
const words = document.getElementById("words")?.dataset ?? {};
const SHOWN = 6000;
let hiding = 0;

/** The sentence of that name, with the number (or what is to stand in its place) where it says {n}. */
export function word(name, number, instead = number) {
  const text = (number === 1 && words[`${name}One`]) || (words[name] ?? "");
  return number === undefined ? text : text.replace("{n}", () => instead);
}

/** Tell something that a screen reader reads out, too. */
export function tell(text) {
  const place = document.getElementById("toasts");
  if (!place || !text) return;
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent = text;
  place.replaceChildren(toast);
  clearTimeout(hiding);
  hiding = setTimeout(() => toast.remove(), SHOWN);
}
