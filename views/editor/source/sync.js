// When typed text is sent to Python: 400 ms after the last keystroke, at least once a second
// while typing, and at once on blur, on leaving the page and before a run or a submission.

const PAUSE = 400; // ms after the last keystroke
const LONGEST = 900; // ms that typed text waits at most

export class Sync {
  constructor(read, journal) {
    this.read = read;
    this.journal = journal;
    this.seq = 0; // grows with every change and over page loads
    this.sent = 0;
    this.since = 0; // when the oldest unsent change was made
    this.timer = undefined;
  }

  connect(setStateValue) {
    this.set = setStateValue;
  }

  changed() {
    const now = Date.now();
    if (this.seq === this.sent) this.since = now;
    this.seq = Math.max(this.seq + 1, now);
    this.journal.write(this.read());
    window.dispatchEvent(new CustomEvent("headroom-typed", { detail: { seq: this.seq } }));
    clearTimeout(this.timer);
    const wait = Math.min(PAUSE, Math.max(0, this.since + LONGEST - now));
    this.timer = setTimeout(() => this.flush(), wait);
  }

  /** Send what has not been sent; whether there was anything. */
  flush() {
    clearTimeout(this.timer);
    if (this.seq === this.sent || !this.set) return false;
    this.sent = this.seq;
    this.set("text", { code: this.read(), seq: this.seq });
    return true;
  }

  /** The text came from Python, which has it already. */
  settle() {
    clearTimeout(this.timer);
    this.sent = this.seq;
    this.journal.clear();
  }

  /** Python has stored the text as it was at `seq`. */
  saved(seq) {
    if (seq >= this.seq) this.journal.clear();
  }
}
