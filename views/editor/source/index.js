// The entry point that Streamlit calls: once when the editor appears and again on every change
// of its data or of the theme. The view lives between the calls; typed text is never overwritten
// unless Python sends a higher revision.

import { EditorView } from "@codemirror/view";

import { Journal } from "./journal.js";
import { showMarks } from "./marks.js";
import { configure, createState, themed } from "./setup.js";
import { Sync } from "./sync.js";

const REDRAW = 250; // ms from leaving the editor with unsent text to redrawing the page
const editors = new WeakMap(); // the element Streamlit gives → the editor in it
const left = new Map(); // journal → what an editor of it held when its element went

export default function mount(component) {
  const { parentElement, data } = component;
  if (!editors.has(parentElement)) editors.set(parentElement, new Editor(parentElement, data));
  const editor = editors.get(parentElement);
  editor.update(component);
  return () => {
    editors.delete(parentElement);
    editor.close();
  };
}

class Editor {
  constructor(parent, data) {
    this.revision = data.revision;
    this.visit = data.visit;
    this.journal = new Journal(data.journal);
    this.sync = new Sync(() => this.view.state.doc.toString(), this.journal);
    this.host = parent.querySelector("[data-editor]");
    this.view = new EditorView({
      parent: this.host,
      root: parent.getRootNode(),
      state: createState(resumed(data), { changed: () => this.sync.changed(), act: (name) => this.act(name) }),
    });
    this.host.dataset.ready = "";
    this.leave = this.listen();
    this.recover(data);
  }

  /** Take what Python sent: words, theme, marks, and the text if its revision is newer. */
  update({ data, key, setStateValue, setTriggerValue }) {
    this.sync.connect(setStateValue);
    this.trigger = setTriggerValue;
    this.host.dataset.key = key;
    this.journal.name = data.journal;
    configure(this.view, data, this.words !== JSON.stringify(data.words));
    this.words = JSON.stringify(data.words);
    if (data.revision > this.revision) this.replace(data);
    if (data.marks.id !== this.shown) showMarks(this.view, data.marks.items);
    this.shown = data.marks.id;
  }

  /** Python's text takes the place of what was typed; undo brings the typed text back. */
  replace(data) {
    this.revision = data.revision;
    this.write(data.text);
    this.sync.settle();
  }

  /** Text typed after the last save (the app was down, say) beats an older draft. */
  recover(data) {
    const found = this.journal.read();
    if (found !== null && found.at > data.saved_at) this.write(found.text);
  }

  write(text) {
    const { doc } = this.view.state;
    if (doc.toString() === text) return;
    this.view.dispatch({ changes: { from: 0, to: doc.length, insert: text }, userEvent: "input.set" });
  }

  /** Run or submit with the very latest text. */
  act(name) {
    this.sync.flush();
    this.trigger(name, { code: this.view.state.doc.toString(), seq: this.sync.seq });
    return true;
  }

  /** Focus goes, to something that is being clicked perhaps. Streamlit may send that click in one
   * message with the text and then redraw only the editor's fragment: ask for the rest. */
  blurred() {
    if (this.sync.flush()) this.redraw = setTimeout(() => this.trigger("redraw", true), REDRAW);
  }

  listen() {
    const flush = () => this.sync.flush();
    const blurred = () => this.blurred();
    const hidden = () => document.visibilityState === "hidden" && flush();
    const saved = ({ detail }) => this.sync.saved(detail.seq);
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const restyle = () => themed(this.view);
    const pairs = [
      [this.view.contentDOM, "blur", blurred],
      [window, "pagehide", flush],
      [document, "visibilitychange", hidden],
      [window, "headroom-saved", saved],
      [dark, "change", restyle],
    ];
    for (const [target, name, handler] of pairs) target.addEventListener(name, handler);
    return () => {
      for (const [target, name, handler] of pairs) target.removeEventListener(name, handler);
    };
  }

  close() {
    clearTimeout(this.redraw);
    this.sync.flush();
    const { visit, revision } = this;
    left.set(this.journal.name, { visit, revision, text: this.view.state.doc.toString() });
    this.leave();
    this.view.destroy();
  }
}

/** Data with the text to start from. An element drawn anew within one visit goes on where the
 * old one was: Python still sends the text that the visit began with. */
function resumed(data) {
  const last = left.get(data.journal);
  const same = last?.visit === data.visit && last.revision === data.revision;
  return same ? { ...data, text: last.text } : data;
}
