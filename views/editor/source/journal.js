// The text that Python has not yet confirmed, kept in the browser so that neither a reload nor
// an app that is down loses it. Confirmed text is removed. Storage may be denied: then nothing
// is kept and nothing fails.

export class Journal {
  constructor(name) {
    this.name = name;
  }

  write(text) {
    try {
      localStorage.setItem(this.name, JSON.stringify({ text, at: Date.now() }));
    } catch {
      // full or denied: the draft in the store remains
    }
  }

  /** The unconfirmed {text, at}, at in ms since 1970, or null. */
  read() {
    try {
      return JSON.parse(localStorage.getItem(this.name));
    } catch {
      return null;
    }
  }

  clear() {
    try {
      localStorage.removeItem(this.name);
    } catch {
      // denied: there is nothing to remove
    }
  }
}
