// Where every page begins. Each module adds something to what works without it.
import { startBack } from "./back.js";
import { startComposers } from "./composer.js";
import { startFeeds } from "./feed.js";
import { startForms } from "./forms.js";
import { startKeys } from "./keys.js";
import { startLeaving } from "./leaving.js";
import { startMenus } from "./menus.js";
import { startRequests } from "./requests.js";
import { startStates } from "./states.js";
import { startTimes } from "./times.js";
import { startToken } from "./token.js";
import { startViewer } from "./viewer.js";

startLeaving();
startFeeds();
startStates();
startTimes();
startRequests();
startComposers();
startForms();
startViewer();
startMenus();
startToken();
startBack();
startKeys();
document.documentElement.dataset.scripts = "on";
