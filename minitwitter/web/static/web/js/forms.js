// A second click on a button that sends a form would take the place of the first one's answer: "this name is taken", by
// oneself a moment ago. After a while it is somebody who has stopped the first one.
export const PATIENCE = 10000;

export function startForms() {
  const sent = new Map();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (Date.now() - (sent.get(form) ?? 0) < PATIENCE) return event.preventDefault();
    sent.set(form, Date.now());
  });
  window.addEventListener("pageshow", () => sent.clear());
}
