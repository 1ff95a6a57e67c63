// What a browser keeps for a site. Some keep nothing (private windows, a full disk, blocked by their owner): then it is
// as if nothing had been kept, and everything else goes on.
class Kept {
  constructor(place) {
    this.place = place;
  }

  get(key) {
    return this.attempt((storage) => storage.getItem(key)) ?? null;
  }

  /** Whether it is kept. */
  set(key, value) {
    return this.attempt((storage) => storage.setItem(key, value) ?? true) ?? false;
  }

  remove(key) {
    this.attempt((storage) => storage.removeItem(key));
  }

  removeWhere(isMeant) {
    for (const key of this.attempt((storage) => Object.keys(storage)) ?? []) if (isMeant(key)) this.remove(key);
  }

  attempt(use) {
    try {
      return use(window[this.place]);
    } catch {
      return undefined;
    }
  }
}

/** For all windows, until it is removed. */
export const local = new Kept("localStorage");
/** For this tab, until it is closed. */
export const tab = new Kept("sessionStorage");
