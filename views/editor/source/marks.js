// Error marks: the failing line is tinted and its message stands below it. A mark moves with
// its line and goes when the line is edited.

import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, WidgetType } from "@codemirror/view";

const setMarks = StateEffect.define();
const failing = Decoration.line({ class: "cm-failing", attributes: { "aria-invalid": "true" } });

class Message extends WidgetType {
  constructor(text) {
    super();
    this.text = text;
  }

  eq(other) {
    return other.text === this.text;
  }

  toDOM() {
    const element = document.createElement("div");
    element.className = "cm-failure";
    element.textContent = this.text;
    return element;
  }
}

const field = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) if (effect.is(setMarks)) return effect.value;
    if (!transaction.docChanged || marks.size === 0) return marks;
    return untouched(marks, transaction).map(transaction.changes);
  },
  provide: (self) => EditorView.decorations.from(self),
});

/** The marks whose lines the transaction leaves as they are. */
function untouched(marks, { changes, startState }) {
  const edited = new Set();
  changes.iterChangedRanges((from, to) => {
    const last = startState.doc.lineAt(to).number;
    for (let n = startState.doc.lineAt(from).number; n <= last; n++) edited.add(n);
  });
  return marks.update({ filter: (from) => !edited.has(startState.doc.lineAt(from).number) });
}

export const marks = () => field;

/** Show the marks [{line, message}], lines from 1, in place of those shown before. */
export function showMarks(view, items) {
  const { doc } = view.state;
  const ranges = items
    .filter(({ line }) => line >= 1 && line <= doc.lines)
    .flatMap(({ line, message }) => {
      const { from, to } = doc.line(line);
      const below = Decoration.widget({ widget: new Message(message), block: true, side: 1 });
      return [failing.range(from), below.range(to)];
    });
  view.dispatch({ effects: setMarks.of(Decoration.set(ranges, true)) });
  if (items.length > 0 && ranges.length > 0) reveal(view, ranges[0].from);
}

/** Scroll the editor alone, never the page, until the position can be seen. */
function reveal(view, position) {
  view.requestMeasure({
    read: () => ({ block: view.lineBlockAt(position), height: view.scrollDOM.clientHeight }),
    write: ({ block, height }) => {
      const { scrollTop } = view.scrollDOM;
      const seen = block.top >= scrollTop && block.bottom + 2 * block.height <= scrollTop + height;
      if (!seen) view.scrollDOM.scrollTop = Math.max(0, block.top - height / 3);
    },
  });
}
