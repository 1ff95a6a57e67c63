// Menus close when something else is wanted; a click on a tweet opens it; pictures lose their placeholder when they are there.
const NOT_THE_TWEET = "a, button, summary, details, input, textarea, label, form";

export function startMenus() {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    const tweet = event.target.closest(".tweet[data-url]");
    if (!tweet || event.target.closest(NOT_THE_TWEET) || String(getSelection())) return;
    if (event.metaKey || event.ctrlKey) window.open(tweet.dataset.url, "_blank", "noopener");
    else location.assign(tweet.dataset.url);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  // A picture with clear parts would let its placeholder shine through.
  const uncover = (photo) => photo.previousElementSibling?.classList.contains("blur") && photo.previousElementSibling.remove();
  document.addEventListener("load", (event) => event.target.matches?.(".picture .photo") && uncover(event.target), true);
  for (const photo of document.querySelectorAll(".picture .photo")) if (photo.complete && photo.naturalWidth) uncover(photo);
}
