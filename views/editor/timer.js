// A stopwatch for one problem. It runs while the problem is open, can be paused, and is kept in
// the browser, so that a reload or a visit to another page does not reset it.

const clocks = new WeakMap(); // the element Streamlit gives → the clock in it

export default function mount({ parentElement, data }) {
  if (!clocks.has(parentElement)) clocks.set(parentElement, new Clock(parentElement));
  const clock = clocks.get(parentElement);
  clock.update(data);
  return () => {
    clocks.delete(parentElement);
    clock.close();
  };
}

class Clock {
  constructor(parent) {
    const find = (name) => parent.querySelector(`[data-${name}]`);
    [this.time, this.toggle, this.restart] = ["time", "toggle", "restart"].map(find);
    this.toggle.onclick = () => this.set(this.elapsed(), !this.running);
    this.restart.onclick = () => this.set(0, true);
    this.keep = () => this.store();
    window.addEventListener("pagehide", this.keep);
    this.ticker = setInterval(() => this.draw(), 1000);
  }

  /** data: name under which the time is kept, minutes that the problem should take, words. */
  update(data) {
    if (data.name !== this.name) this.load(data.name);
    this.data = data;
    this.restart.textContent = data.words.restart;
    this.draw();
  }

  load(name) {
    if (this.name) this.store();
    this.name = name;
    let kept = null;
    try {
      kept = JSON.parse(localStorage.getItem(name));
    } catch {
      // storage denied: the clock starts at zero
    }
    this.before = kept?.elapsed ?? 0; // ms counted until `since`
    this.running = kept?.running ?? true;
    this.since = Date.now();
  }

  elapsed() {
    return this.before + (this.running ? Date.now() - this.since : 0);
  }

  set(elapsed, running) {
    this.before = elapsed;
    this.running = running;
    this.since = Date.now();
    this.store();
    this.draw();
  }

  store() {
    try {
      const { running } = this;
      localStorage.setItem(this.name, JSON.stringify({ elapsed: this.elapsed(), running }));
    } catch {
      // storage denied: the time is lost with the page
    }
  }

  draw() {
    const seconds = Math.floor(this.elapsed() / 1000);
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    const text = parts.map((part) => String(part).padStart(2, "0")).join(":");
    if (this.time.textContent !== text) this.time.textContent = text;
    this.time.toggleAttribute("data-over", seconds >= 60 * this.data.minutes);
    const { pause, go } = this.data.words;
    this.toggle.textContent = this.running ? pause : go;
    if (seconds % 5 === 0) this.store();
  }

  close() {
    this.store();
    clearInterval(this.ticker);
    window.removeEventListener("pagehide", this.keep);
  }
}
