// A text under one head: tokens twice, lines from each query to its keys, and the matrix beside
// them. Runs as one script after heatmap_panel.js and heatmap_view.js, whose frame it takes.

const ROWS = { few: 24, many: 18 }; // CSS pixels a token is high, with few and with many of them
const MANY = 32;
const GUTTER = 92; // room for names beside the matrix, at most
const FAINT = 0.04; // weights below are not drawn as lines
const SVG = 'http://www.w3.org/2000/svg';

class TokenPanel extends Panel {
  constructor(view, index) {
    super(view, index);
    this.grid = element('div', 'grid');
    this.columnNames = element('div', 'column-names');
    this.rowNames = element('div', 'row-names');
    this.band = element('div', 'band');
    this.grid.append(this.columnNames, this.rowNames, this.stage);
    this.root.append(this.grid);
  }

  draw(width) {
    const names = this.view.frame.tokens.map((token) => token.text);
    const longest = Math.max(...names.map((name) => [...name].reduce((sum, c) => sum + (c > '⺀' ? 13 : 7), 0)));
    const gutter = Math.min(GUTTER, longest + 10);
    super.draw(Math.max(100, width - gutter));
    this.stage.append(this.band);
    this.grid.style.gridTemplateColumns = `${gutter}px auto`;
    this.name(this.rowNames, names, this.at.cell.y, 'top');
    this.name(this.columnNames, names, this.at.cell.x, 'left');
    this.columnNames.style.height = this.columnNames.childElementCount ? `${gutter}px` : '0';
    this.columnNames.style.width = `${this.at.width}px`;
  }

  // Names only where there is room for a line of text.
  name(box, names, pitch, side) {
    const nodes = pitch < 11 ? [] : names.map((text, i) => {
      const node = element('span', '', text);
      node.style[side] = `${(i + 0.5) * pitch}px`;
      return node;
    });
    box.replaceChildren(...nodes);
  }

  outline(box, from, to) {
    super.outline(box, from, to);
    if (box !== this.cursor) return;
    const { cell, width } = this.at;
    Object.assign(this.band.style, {
      display: 'block', left: '0', top: `${from.row * cell.y}px`, width: `${width}px`, height: `${cell.y}px`,
    });
  }

  released(event) {
    const cell = this.find(event);
    if (cell) this.view.pin(cell.row);
  }

  typed(event) {
    if (event.key === 'Enter' && this.view.cell) this.view.pin(this.view.cell.row);
    else super.typed(event);
  }
}

class TokensView extends View {
  constructor(root) {
    super(root);
    this.lines = element('div', 'lines');
    this.heads = element('div', 'line-heads');
    this.queries = element('div', 'side');
    this.keys = element('div', 'side keys');
    this.drawing = document.createElementNS(SVG, 'svg');
    this.drawing.setAttribute('aria-hidden', 'true');
    this.queries.setAttribute('role', 'listbox');
    const table = element('div', 'table');
    table.append(this.queries, this.drawing, this.keys);
    this.lines.append(this.heads, table);
    this.body.prepend(this.lines);
    this.queries.onkeydown = (event) => this.walk(event);
    this.lines.onpointerleave = () => this.rest();
    this.panelBox.addEventListener('pointerleave', () => this.rest());
  }

  newPanel(index) {
    return new TokenPanel(this, index);
  }

  update(bytes, send) {
    const before = this.frame;
    this.frame = decode(bytes);
    const text = JSON.stringify(this.frame.tokens);
    if (!before || JSON.stringify(before.tokens) !== text) {
      this.cell = null;
      this.list(); // otherwise the tokens stay, and with them the keyboard's focus
    }
    super.update(bytes, send);
    this.rest();
  }

  weight(query, key) {
    const map = this.frame.panels[0];
    return this.frame.values[map.at + query * map.columns + key];
  }

  list() {
    const { tokens, words } = this.frame;
    this.row = tokens.length > MANY ? ROWS.many : ROWS.few;
    this.lines.style.setProperty('--row', `${this.row}px`);
    this.heads.replaceChildren(element('span', '', words.query), element('span', '', words.key));
    this.queries.setAttribute('aria-label', words.tokens);
    this.queries.replaceChildren(...tokens.map((token, i) => this.token(token, i, true)));
    this.keys.replaceChildren(...tokens.map((token, i) => this.token(token, i, false)));
  }

  token(token, index, isQuery) {
    const node = element(isQuery ? 'button' : 'span', token.kind, token.text);
    if (token.note) node.title = token.note;
    node.onpointerenter = () => (isQuery ? this.look(index) : this.lookBack(index));
    if (!isQuery) return node;
    node.setAttribute('role', 'option');
    node.tabIndex = index === (this.frame.pinned ?? 0) ? 0 : -1;
    node.onfocus = () => this.look(index);
    node.onclick = () => this.pin(index);
    return node;
  }

  walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const nodes = [...this.queries.children];
    const at = nodes.findIndex((node) => node.matches(':focus'));
    nodes[Math.max(0, Math.min(nodes.length - 1, at + step))].focus();
    event.preventDefault();
  }

  pin(index) {
    this.pick('token', this.frame.pinned === index ? null : index);
  }

  strongest(query) {
    const keys = this.frame.tokens.map((_, key) => key);
    return keys.sort((a, b) => this.weight(query, b) - this.weight(query, a));
  }

  look(query) {
    this.point({ tile: 0, row: query, column: this.strongest(query)[0] });
  }

  point(cell) {
    super.point(cell);
    this.drawLines((query) => query === this.cell.row);
    this.shade((key) => this.weight(this.cell.row, key));
    [...this.queries.children].forEach((node, i) => {
      node.setAttribute('aria-selected', String(i === this.cell.row));
      node.style.removeProperty('--share');
    });
  }

  // Who looks at this key: the lines that end there.
  lookBack(key) {
    this.drawLines((query, at) => at === key);
    this.shade((at) => (at === key ? 1 : 0));
    [...this.queries.children].forEach((node, query) => {
      node.setAttribute('aria-selected', 'false');
      node.style.setProperty('--share', this.weight(query, key).toFixed(3));
    });
  }

  // Without a pointer: the token that has the keyboard's focus, the one pinned, or every line.
  rest() {
    const focused = [...this.queries.children].indexOf(this.root.getRootNode().activeElement);
    const row = focused >= 0 ? focused : this.frame.pinned;
    if (row !== null && row < this.frame.tokens.length) {
      this.look(row);
      return;
    }
    this.cell = null;
    for (const panel of this.panels) panel.cursor.style.display = panel.band.style.display = 'none';
    this.drawLines(() => true);
    this.shade(() => 0);
    [...this.queries.children].forEach((node) => {
      node.setAttribute('aria-selected', 'false');
      node.style.removeProperty('--share');
    });
    this.readout.replaceChildren(element('p', 'faint', this.frame.words.point));
  }

  shade(share) {
    [...this.keys.children].forEach((node, key) => node.style.setProperty('--share', share(key).toFixed(3)));
  }

  drawLines(wanted) {
    const count = this.frame.tokens.length;
    const width = 120;
    const { row } = this;
    this.drawing.setAttribute('viewBox', `0 0 ${width} ${count * row}`);
    this.drawing.style.height = `${count * row}px`;
    const lines = [];
    for (let query = 0; query < count; query++) {
      for (let key = 0; key < count; key++) {
        const weight = this.weight(query, key);
        if (weight < FAINT || !wanted(query, key)) continue;
        const line = document.createElementNS(SVG, 'line');
        const ends = { x1: 0, y1: (query + 0.5) * row, x2: width, y2: (key + 0.5) * row };
        Object.entries(ends).forEach(([name, value]) => line.setAttribute(name, value));
        line.setAttribute('stroke-opacity', (0.12 + 0.88 * weight).toFixed(3));
        line.setAttribute('stroke-width', (0.8 + 2.7 * weight).toFixed(2));
        lines.push(line);
      }
    }
    this.drawing.replaceChildren(...lines);
  }

  // The row in words: where this token looks, the largest weights first.
  read() {
    const { row, column } = this.cell;
    const { tokens, words } = this.frame;
    const share = (value) => `${(100 * value).toFixed(value < 0.0995 ? 1 : 0)}%`;
    const top = this.strongest(row).slice(0, 5);
    if (!top.includes(column)) top.push(column);
    const items = top.map((key) => {
      const item = element('p', key === column ? 'chosen' : '');
      item.append(element('b', '', share(this.weight(row, key))), ` ${tokens[key].text}`);
      return item;
    });
    const notes = tokens[row].note ? [element('p', 'faint', tokens[row].note)] : [];
    const title = element('p', '', words.looks.replaceAll('{token}', tokens[row].text));
    this.readout.replaceChildren(title, ...notes, ...items);
  }
}

const views = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.heatmap');
  if (!views.has(root)) views.set(root, new TokensView(root));
  if (data) views.get(root).update(data, (choice) => setTriggerValue('select', choice));
}
