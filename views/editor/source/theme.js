// Colours and fonts. The colours are the CSS variables of Streamlit's theme, so a change of
// theme needs no JavaScript; only CodeMirror's own choice between light and dark does.

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Prec } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const MONOSPACE =
  "ui-monospace, 'Cascadia Mono', 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', " +
  "'PingFang SC', 'Microsoft YaHei', 'Noto Sans Mono CJK SC', 'Noto Sans CJK SC', monospace";
const faint = (percent) => `color-mix(in srgb, var(--st-text-color) ${percent}%, transparent)`;
const accent = (percent) => `color-mix(in srgb, var(--st-primary-color) ${percent}%, transparent)`;

const theme = EditorView.theme({
  "&": {
    height: "100%",
    color: "var(--st-text-color)",
    backgroundColor: "var(--st-background-color)",
    fontSize: "0.875rem",
  },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: MONOSPACE, lineHeight: "1.55", overflow: "auto" },
  ".cm-content": { caretColor: "var(--st-text-color)", padding: "0.5rem 0" },
  "&.cm-focused .cm-cursor, .cm-cursor": { borderLeftColor: "var(--st-text-color)" },
  ".cm-gutters": {
    color: faint(60),
    backgroundColor: "var(--st-background-color)",
    border: "none",
  },
  ".cm-activeLineGutter": { backgroundColor: faint(6), color: "var(--st-text-color)" },
  ".cm-activeLine": { backgroundColor: faint(4) },
  "& > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { backgroundColor: accent(22) },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    backgroundColor: accent(30),
  },
  ".cm-content ::selection": { backgroundColor: "transparent" },
  ".cm-selectionMatch": { backgroundColor: accent(16) },
  "&.cm-focused .cm-matchingBracket": {
    backgroundColor: accent(18),
    outline: `1px solid ${accent(60)}`,
  },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--st-red-background-color)" },
  ".cm-searchMatch": { backgroundColor: "var(--st-yellow-background-color)" },
  ".cm-searchMatch-selected": { outline: "1px solid var(--st-text-color)" },
  ".cm-foldPlaceholder": { color: faint(70), backgroundColor: faint(8), border: "none" },
  ".cm-failing": {
    backgroundColor: "var(--st-red-background-color)",
    boxShadow: "inset 3px 0 0 var(--st-red-color)",
  },
  ".cm-failure": {
    padding: "0.125rem 0.75rem 0.25rem",
    color: "var(--st-red-text-color)",
    backgroundColor: "var(--st-red-background-color)",
    boxShadow: "inset 3px 0 0 var(--st-red-color)",
    fontSize: "0.8125rem",
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
  },
});

const panels = EditorView.theme({
  ".cm-panels, .cm-tooltip": {
    color: "var(--st-text-color)",
    backgroundColor: "var(--st-secondary-background-color)",
    borderColor: "var(--st-border-color)",
  },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--st-border-color)" },
  ".cm-panel.cm-search": { fontFamily: "var(--st-font)", padding: "0.5rem" },
  ".cm-textfield, .cm-button": {
    color: "var(--st-text-color)",
    background: "var(--st-background-color)",
    border: "1px solid var(--st-border-color)",
    borderRadius: "var(--st-button-radius)",
    fontSize: "0.8125rem",
  },
  ".cm-panel.cm-search [name=close]": { color: "var(--st-text-color)", fontSize: "1.25rem" },
  ".cm-tooltip-autocomplete > ul": { fontFamily: MONOSPACE },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    color: "var(--st-text-color)",
    backgroundColor: accent(25),
  },
});

const { comment, string, number, bool, keyword, operatorKeyword, self } = tags;
const highlighting = HighlightStyle.define([
  { tag: comment, color: faint(65), fontStyle: "italic" },
  { tag: [string, tags.special(string)], color: "var(--st-green-text-color)" },
  { tag: [number, bool, tags.null], color: "var(--st-orange-text-color)" },
  { tag: [keyword, operatorKeyword, self], color: "var(--st-violet-text-color)" },
  {
    tag: [tags.function(tags.definition(tags.variableName)), tags.definition(tags.className)],
    color: "var(--st-blue-text-color)",
    fontWeight: "600",
  },
  { tag: [tags.function(tags.variableName), tags.className], color: "var(--st-blue-text-color)" },
  { tag: tags.meta, color: "var(--st-orange-text-color)" },
  { tag: tags.invalid, color: "var(--st-red-text-color)" },
]);

export const appearance = [theme, panels, Prec.high(syntaxHighlighting(highlighting))];

/** Whether the app's background is dark, so that CodeMirror's own parts fit it. */
export function isDark(element) {
  const probe = document.createElement("span");
  probe.style.color = "var(--st-background-color)";
  element.append(probe);
  const channels = getComputedStyle(probe).color.match(/[\d.]+/g) ?? [];
  probe.remove();
  const [red, green, blue] = channels.map(Number);
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}
