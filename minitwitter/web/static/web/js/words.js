// The sentences that scripts show, in the language of the page, and where they are shown.
const words = document.getElementById("words")?.dataset ?? {};

export function word(name, number) {
  const text = words[name] ?? "";
  return number === undefined ? text : text.replace("{n}", number);
}

/** Tell something that a screen reader reads out, too. */
export function tell(text) {
  const place = document.getElementById("toasts");
  if (!place || !text) return;
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent = text;
  place.replaceChildren(toast);
  setTimeout(() => toast.remove(), 6000);
}
