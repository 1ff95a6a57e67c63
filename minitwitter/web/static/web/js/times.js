// Times in the reader's own zone and language; "5m" grows older while the page is open.
import { word } from "./words.js";

// The page's language, as it is written where the reader lives.
const { lang } = document.documentElement;
const language = navigator.languages.find((each) => each.slice(0, 2) === lang.slice(0, 2)) ?? lang;
const whole = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" });
const MINUTE = 60, HOUR = 3600, DAY = 86400, WEEK = 7 * DAY;

function short(moment) {
  const seconds = Math.max(0, (Date.now() - moment) / 1000);
  if (seconds < MINUTE) return word("now");
  if (seconds < HOUR) return word("minutes", Math.floor(seconds / MINUTE));
  if (seconds < DAY) return word("hours", Math.floor(seconds / HOUR));
  if (seconds < WEEK) return word("days", Math.floor(seconds / DAY));
  return null; // The server wrote the day.
}

export function showTimes(root = document) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if ("whole" in element.dataset) element.textContent = whole.format(moment);
    else {
      element.title = whole.format(moment);
      element.textContent = short(moment) ?? element.textContent;
    }
  }
}

export function startTimes() {
  showTimes();
  setInterval(() => document.hidden || showTimes(), 30000);
  document.body.addEventListener("htmx:load", (event) => showTimes(event.detail.elt.parentElement ?? document));
}
