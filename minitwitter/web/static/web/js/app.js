// Where every page begins. Each module adds something to what works without it.
import { startComposers } from "./composer.js";
import { startFeeds } from "./feed.js";
import { startKeys } from "./keys.js";
import { startMenus } from "./menus.js";
import { startRequests } from "./requests.js";
import { startTimes } from "./times.js";
import { startToken } from "./token.js";
import { startViewer } from "./viewer.js";

startFeeds();
startTimes();
startRequests();
startComposers();
startViewer();
startMenus();
startToken();
startKeys();
document.documentElement.dataset.scripts = "on";
