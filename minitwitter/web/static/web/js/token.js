// The token of a mail stands behind the #: into its field, and out of the address and the history.
export function startToken() {
  const form = document.querySelector("form[data-token]");
  if (!form) return;
  take(form);
  // The link of another mail, while the page of the first one is open.
  window.addEventListener("hashchange", () => take(form));
}

function take(form) {
  if (location.hash.length < 2) return;
  const token = decoded(location.hash.slice(1));
  form.elements.token.value = token ?? "";
  form.querySelector("[data-damaged]").hidden = token !== null;
  history.replaceState(null, "", location.pathname);
}

/** Nothing for a link that was damaged on its way. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
