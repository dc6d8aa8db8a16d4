// One's own answer: a text box that sends its text a moment after the last keystroke. What
// Python has not confirmed yet is also kept in the browser, so that a reload or an app that is
// down loses nothing. Python's text enters only when the box appears.

const PAUSE = 400; // ms without a keystroke after which the text is sent
const PATIENCE = 5000; // ms that Python may take to confirm it; after that it is sent again
const pads = new WeakMap(); // the element Streamlit gives → the pad in it

export default function mount(component) {
  const { parentElement, data } = component;
  if (!pads.has(parentElement)) pads.set(parentElement, new Pad(parentElement, data));
  pads.get(parentElement).update(component);
  return () => {
    pads.get(parentElement)?.close();
    pads.delete(parentElement);
  };
}

class Pad {
  constructor(parent, data) {
    this.box = parent.querySelector("textarea");
    this.label = parent.querySelector("label");
    this.status = parent.querySelector("[role=status]");
    this.journal = data.journal;
    // Unsaved text counts only if nobody has saved another one since, in another window say.
    const unsaved = this.read();
    this.box.value = unsaved?.after === data.text ? unsaved.text : data.text;
    this.sent = data.text;
    this.leave = this.listen();
  }

  /** data: the stored text, a failure, the words; called again after every save. */
  update({ data, setStateValue }) {
    this.data = data;
    // With the time it is another value even if the text is the same, so that Python hears it.
    this.send = (text) => setStateValue("text", { text, at: Date.now() });
    this.label.textContent = data.words.label;
    this.box.placeholder = data.words.placeholder;
    if (data.text === this.sent) clearTimeout(this.retry);
    if (data.text === this.box.value) this.forget();
    else if (this.timer === undefined) this.wait();
    this.draw();
    this.grow();
  }

  listen() {
    const flush = () => this.flush();
    const pairs = [
      [this.box, "input", () => this.typed()],
      [this.box, "blur", flush],
      [window, "pagehide", flush],
      // The page's one-key shortcuts must not hear what is typed here.
      [this.box, "keydown", (event) => event.stopPropagation()],
    ];
    for (const [target, name, handler] of pairs) target.addEventListener(name, handler);
    return () => {
      for (const [target, name, handler] of pairs) target.removeEventListener(name, handler);
    };
  }

  typed() {
    this.write({ text: this.box.value, after: this.data.text });
    this.wait();
    this.draw();
    this.grow();
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), PAUSE);
  }

  flush() {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.box.value === this.sent) return;
    this.sent = this.box.value;
    this.send(this.sent);
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.resend(), PATIENCE);
  }

  /** The app may be down, or have gone down with what was sent. A failure is told, not retried. */
  resend() {
    if (this.data.failure) return;
    this.sent = undefined;
    this.flush();
  }

  draw() {
    const { text, failure, words } = this.data;
    const saved = text === this.box.value;
    this.status.textContent = failure || (saved ? (text ? words.saved : "") : words.saving);
    this.status.toggleAttribute("data-failed", Boolean(failure));
  }

  /** As high as its text; the lower bound is in the style sheet. */
  grow() {
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight + 2}px`;
  }

  close() {
    this.flush();
    clearTimeout(this.retry);
    this.leave();
  }

  // Storage may be denied: then nothing is kept in the browser and nothing fails.

  read() {
    try {
      return JSON.parse(localStorage.getItem(this.journal));
    } catch {
      return null;
    }
  }

  write(entry) {
    try {
      localStorage.setItem(this.journal, JSON.stringify(entry));
    } catch {
      // full or denied: the store remains
    }
  }

  forget() {
    try {
      localStorage.removeItem(this.journal);
    } catch {
      // denied: there is nothing to remove
    }
  }
}
