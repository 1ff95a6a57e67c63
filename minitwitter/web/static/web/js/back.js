// The arrow at the top of a page goes back to where the visitor was, with its place in the list, if that was one of our
// pages in this tab. Otherwise, and without scripts, it is the link that it is.

/** Whether the browser has built this page anew for Back or Forward, from what it had kept of it. */
export function cameBack() {
  return performance.getEntriesByType("navigation")[0]?.type === "back_forward";
}

export function startBack() {
  const arrow = document.querySelector("a[data-back]");
  arrow?.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const go = way(arrow);
    if (!go) return;
    event.preventDefault();
    go();
  });
}

function way(arrow) {
  const isPassed = arrow.dataset.back === "anywhere" ? isOfThisPage : isBeside;
  const isWanted = (path) => arrow.dataset.back === "anywhere" || path === arrow.pathname;
  if (!window.navigation?.entries) return referred(isPassed, isWanted);
  // Only neighbours in the history that are pages of this site are in the list.
  const before = navigation.entries().slice(0, navigation.currentEntry.index).reverse();
  const target = before.find((entry) => !isPassed(pathOf(entry.url)));
  return target && isWanted(pathOf(target.url)) ? () => navigation.traverseTo(target.key) : null;
}

/** For browsers that do not tell what is in their history: one step, if it is known where that leads. */
function referred(isPassed, isWanted) {
  const { origin } = location;
  const path = document.referrer.startsWith(`${origin}/`) ? pathOf(document.referrer) : "";
  return path && history.length > 1 && !isPassed(path) && isWanted(path) ? () => history.back() : null;
}

function pathOf(url) {
  return url ? new URL(url).pathname : "";
}

/** This page, its forms and its lists; the forms from which one came in. */
function isOfThisPage(path) {
  const here = location.pathname;
  return path === here || path.startsWith(`${here}/`) || ["/compose", "/login", "/signup", "/setup"].includes(path);
}

/** A page with the same parent: the tab beside this one, the form that was cancelled. */
function isBeside(path) {
  const parent = (each) => each.slice(0, each.lastIndexOf("/"));
  return parent(path) === parent(location.pathname);
}
