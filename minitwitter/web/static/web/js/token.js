// The token of a mail stands behind the #: into its field, and out of the address and the history.
export function startToken() {
  const form = document.querySelector("form[data-token]");
  if (!form || location.hash.length < 2) return;
  form.elements.token.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
}
