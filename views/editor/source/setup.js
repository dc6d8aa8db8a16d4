// What the editor can do: Python, four spaces, search, undo, brackets, marks and its own keys.

import { completionStatus } from "@codemirror/autocomplete";
import { indentLess, indentMore } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { indentUnit } from "@codemirror/language";
import { searchPanelOpen } from "@codemirror/search";
import { Compartment, EditorSelection, EditorState, Facet, Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { basicSetup } from "codemirror";

import { marks } from "./marks.js";
import { appearance, isDark } from "./theme.js";

const LEAVE = 10_000; // ms after Escape in which Tab moves the focus out of the editor
const leaving = Facet.define({ combine: (values) => values[0] ?? "" });
const words = new Compartment();
const darkness = new Compartment();

/** The state to start from: data's text and words; `act(name)` runs or submits. */
export function createState(data, { changed, act }) {
  return EditorState.create({
    doc: data.text,
    extensions: [
      Prec.highest(keymap.of(shortcuts(act))),
      words.of(spoken(data.words)),
      darkness.of([]),
      basicSetup,
      keymap.of([{ key: "Tab", run: tab, shift: indentLess }]),
      python(),
      indentUnit.of("    "),
      EditorState.tabSize.of(4),
      marks(),
      appearance,
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed();
      }),
    ],
  });
}

/** Bring the words (if they changed) and the theme up to date. */
export function configure(view, data, reworded) {
  if (reworded) view.dispatch({ effects: words.reconfigure(spoken(data.words)) });
  themed(view);
}

/** Follow the app's theme; the colours themselves are CSS variables. */
export function themed(view) {
  const dark = isDark(view.dom);
  if (dark === view.state.facet(EditorView.darkTheme)) return;
  view.dispatch({ effects: darkness.reconfigure(EditorView.darkTheme.of(dark)) });
}

function shortcuts(act) {
  const submit = { run: () => act("submit"), preventDefault: true, stopPropagation: true };
  const run = { run: () => act("run"), preventDefault: true, stopPropagation: true };
  return [
    { key: "Mod-Shift-Enter", ...submit },
    { key: "Ctrl-Shift-Enter", ...submit },
    { key: "Mod-Enter", ...run },
    { key: "Ctrl-Enter", ...run },
    { key: "Escape", run: offerToLeave },
  ];
}

/** Escape with no list or panel to close: the next Tab leaves the editor. */
function offerToLeave(view) {
  const { state } = view;
  if (completionStatus(state) === "active" || searchPanelOpen(state)) return false;
  queueMicrotask(() => view.setTabFocusMode(LEAVE)); // after CodeMirror's own two seconds
  view.dispatch({ effects: EditorView.announce.of(state.facet(leaving)) });
  return false;
}

/** What is read out: the editor's name, how to leave it, and CodeMirror's own phrases. */
function spoken({ label, help, left, phrases }) {
  return [
    EditorState.phrases.of(phrases),
    leaving.of(left),
    EditorView.contentAttributes.of({ "aria-label": `${label}. ${help}` }),
  ];
}

/** Indent the selected lines, or fill up to the next multiple of four columns. */
function tab(view) {
  const { state } = view;
  if (state.selection.ranges.some((range) => !range.empty)) return indentMore(view);
  const change = state.changeByRange(({ head }) => {
    const column = head - state.doc.lineAt(head).from;
    const insert = " ".repeat(4 - (column % 4));
    return { changes: { from: head, insert }, range: EditorSelection.cursor(head + insert.length) };
  });
  view.dispatch(change, { scrollIntoView: true, userEvent: "input" });
  return true;
}
