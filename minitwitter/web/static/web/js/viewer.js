// A picture over the whole window. Without scripts the link opens the file.
import { tell, word } from "./words.js";

export function startViewer() {
  const viewer = document.getElementById("viewer");
  if (!viewer?.showModal) return;
  const image = viewer.querySelector("img");
  const caption = viewer.querySelector("figcaption");
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-picture]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || viewer.open) return;
    event.preventDefault();
    const small = link.querySelector(".photo, .avatar");
    image.src = link.href;
    image.alt = small.alt;
    image.hidden = false;
    viewer.classList.toggle("waiting", !image.complete);
    caption.textContent = "described" in small.dataset ? small.alt : "";
    viewer.showModal();
  });
  image.addEventListener("load", () => viewer.classList.remove("waiting"));
  image.addEventListener("error", () => {
    if (!viewer.open) return;
    viewer.close();
    tell(word(navigator.onLine ? "failed" : "offline"));
  });
  viewer.addEventListener("click", (event) => event.target.closest("button, figcaption") || viewer.close());
  viewer.addEventListener("close", () => {
    image.removeAttribute("src");
    viewer.classList.remove("waiting");
  });
}
