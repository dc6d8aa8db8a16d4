// "Saved 1 s ago": tells what Python has stored, keeps counting without asking it, and passes
// the news on to the editor, which then forgets its own copy.

const lines = new WeakMap(); // the element Streamlit gives → the line in it

export default function mount({ parentElement, data }) {
  if (!lines.has(parentElement)) lines.set(parentElement, new Line(parentElement));
  const line = lines.get(parentElement);
  line.update(data);
  return () => {
    lines.delete(parentElement);
    line.close();
  };
}

class Line {
  constructor(parent) {
    this.text = parent.querySelector("[data-saved]");
    this.typed = 0; // sequence number of the latest change in the editor
    this.seq = -1;
    this.listener = ({ detail }) => {
      this.typed = detail.seq;
      this.draw();
    };
    window.addEventListener("headroom-typed", this.listener);
    this.ticker = setInterval(() => this.draw(), 1000);
  }

  /** data: seq and age (s, null if nothing is stored) of the stored text, a failure, words. */
  update(data) {
    if (data.seq !== this.seq || data.age !== this.data?.age) {
      this.at = data.age === null ? null : Date.now() - 1000 * data.age;
    }
    this.seq = data.seq;
    this.data = data;
    if (!data.failure) {
      window.dispatchEvent(new CustomEvent("headroom-saved", { detail: { seq: data.seq } }));
    }
    this.draw();
  }

  draw() {
    const text = this.words();
    if (this.text.textContent !== text) this.text.textContent = text;
    this.text.toggleAttribute("data-failed", Boolean(this.data.failure));
  }

  words() {
    const { failure, words } = this.data;
    if (failure) return failure;
    if (this.typed > this.seq) return words.saving;
    if (this.at === null) return words.nothing;
    const seconds = Math.max(0, Math.floor((Date.now() - this.at) / 1000));
    const [unit, size] = [["days", 86400], ["hours", 3600], ["minutes", 60], ["seconds", 1]].find(
      ([, length]) => seconds >= length || length === 1,
    );
    return words[unit].replace("{n}", String(Math.floor(seconds / size)));
  }

  close() {
    clearInterval(this.ticker);
    window.removeEventListener("headroom-typed", this.listener);
  }
}
