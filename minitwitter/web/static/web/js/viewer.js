// A picture over the whole window. Without scripts the link opens the file.
export function startViewer() {
  const viewer = document.getElementById("viewer");
  if (!viewer?.showModal) return;
  const image = viewer.querySelector("img");
  const caption = viewer.querySelector("figcaption");
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-picture]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    const small = link.querySelector(".photo, .avatar");
    image.src = link.href;
    image.alt = small.alt;
    image.hidden = false;
    caption.textContent = "described" in small.dataset ? small.alt : "";
    viewer.showModal();
  });
  viewer.addEventListener("click", (event) => event.target.closest("button, figcaption") || viewer.close());
  viewer.addEventListener("close", () => image.removeAttribute("src"));
}
