// Logging out takes along what this browser keeps of a person: drafts, and lists for Back. A session that has merely
// ended does not: the same person will log in again, and wants the draft.
import { local, tab } from "./storage.js";

const LEAVES = /^\/(logout|settings\/(delete|devices\/\w+))$/;

export function startLeaving() {
  const { viewer } = document.body.dataset;
  const opened = Date.now();
  const leaving = tab.get("leaving");
  tab.remove("leaving");
  // The page behind a log-out that succeeded says so.
  if (leaving && !viewer && document.querySelector(".saying")) forget(leaving);
  if (!viewer) return;
  if (tab.get("viewer") !== viewer) forgetLists();
  tab.set("viewer", viewer);
  document.addEventListener("submit", (event) => {
    const action = event.submitter?.getAttribute("formaction") ?? event.target.getAttribute("action") ?? "";
    if (LEAVES.test(action)) tab.set("leaving", viewer);
  });
  // Other windows of the same person, and those that Back would bring up again.
  const left = () => {
    if (Number(local.get("left")) < opened) return;
    window.addEventListener("pagehide", forgetLists);
    location.reload();
  };
  window.addEventListener("storage", (event) => event.key === "left" && left());
  window.addEventListener("pageshow", (event) => event.persisted && left());
}

function forget(viewer) {
  const draft = `draft of ${viewer}`;
  local.removeWhere((key) => key === draft || key.startsWith(`${draft},`));
  forgetLists();
  local.set("left", Date.now());
}

function forgetLists() {
  tab.removeWhere((key) => key.startsWith("list ") || ["changed", "posted", "viewer"].includes(key));
}
