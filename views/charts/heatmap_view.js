// The heatmap: panels side by side with one cursor, a strip of stages, a readout of the cell.
// The frame is described in heatmap.py. Everything is drawn from the last frame received; what
// the person picks (a stage, a head, a rectangle) goes to Python, which sends a new frame.

class View {
  constructor(root) {
    this.root = root;
    this.strip = element('div', 'strip');
    this.strip.setAttribute('role', 'listbox');
    this.panelBox = element('div', 'panels');
    this.readout = element('div', 'readout');
    this.readout.setAttribute('aria-live', 'polite');
    this.body = element('div', 'body');
    this.body.append(this.panelBox, this.readout);
    root.append(this.strip, this.body);
    this.panels = [];
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.panelBox);
  }

  update(bytes, send) {
    this.send = send;
    this.frame = decode(bytes);
    const tables = Object.entries(this.frame.tables);
    this.frame.lookups = Object.fromEntries(tables.map(([name, text]) => [name, lookup(text)]));
    while (this.panels.length < this.frame.panels.length) {
      this.panels.push(this.newPanel(this.panels.length));
    }
    this.panels.length = this.frame.panels.length;
    this.body.classList.toggle('several', this.panels.length > 1);
    const roots = this.panels.map((panel) => panel.root);
    const same = roots.length === this.panelBox.children.length
      && roots.every((root, i) => root === this.panelBox.children[i]);
    if (!same) this.panelBox.replaceChildren(...roots);
    this.drawStrip();
    this.draw();
  }

  newPanel(index) {
    return new Panel(this, index);
  }

  draw() {
    this.width = this.panelBox.clientWidth;
    if (!this.width || !this.frame) return;
    for (const panel of this.panels) panel.draw(Math.max(120, panel.root.clientWidth));
    if (this.cell) this.point(this.cell);
    else this.readout.replaceChildren(element('p', 'faint', this.frame.picks.includes('zoom') ? this.frame.words.hint : this.frame.words.point));
  }

  resize() {
    if (this.panelBox.clientWidth !== this.width) this.draw();
  }

  drawStrip() {
    this.strip.setAttribute('aria-label', this.frame.words.stages);
    const buttons = this.frame.strip.map((item) => this.thumbnail(item));
    const focused = [...this.strip.children].findIndex((node) => node.matches(':focus'));
    const arrow = () => {
      const node = element('span', 'arrow', '→');
      node.setAttribute('aria-hidden', 'true');
      return node;
    };
    this.strip.replaceChildren(...buttons.flatMap((node, i) => (i ? [arrow(), node] : [node])));
    if (focused >= 0) this.strip.children[focused]?.focus();
  }

  thumbnail(item) {
    const node = element('button');
    const holder = element('span', 'picture');
    const canvas = picture(this.frame, item, 0, 1);
    const cell = 56 / Math.max(canvas.width, canvas.height);
    Object.assign(canvas.style, {
      width: `${Math.max(4, canvas.width * cell)}px`, height: `${Math.max(4, canvas.height * cell)}px`,
    });
    holder.append(canvas);
    node.append(holder, element('span', '', item.title), element('small', '', item.shape));
    node.setAttribute('role', 'option');
    node.setAttribute('aria-selected', String(item.name === this.frame.selected));
    node.onclick = () => this.pick('stage', item.name);
    return node;
  }

  pick(kind, value) {
    this.send({ kind, value });
  }

  point({ tile, row, column }) {
    const clamp = (value, count) => Math.max(0, Math.min(count - 1, value));
    const first = this.frame.panels[0];
    this.cell = {
      tile: clamp(tile, first.count), row: clamp(row, first.rows), column: clamp(column, first.columns),
    };
    for (const panel of this.panels) {
      const { map } = panel;
      const inside = this.cell.tile < map.count && this.cell.row < map.rows && this.cell.column < map.columns;
      if (inside) panel.outline(panel.cursor, this.cell, this.cell);
      else panel.cursor.style.display = 'none';
    }
    this.read();
  }

  read() {
    const map = this.frame.panels[0];
    const { tile, row, column } = this.cell;
    const lines = [];
    if (map.of > 1) lines.push(element('p', '', map.labels[tile]));
    lines.push(element('p', '', place(map, 0, map.top, row, map.height)));
    lines.push(element('p', '', place(map, 1, map.left, column, map.width)));
    for (const item of this.frame.panels) {
      const value = this.frame.values[item.at + (tile * item.rows + row) * item.columns + column];
      if (this.frame.panels.length > 1) lines.push(element('p', 'faint', item.title));
      lines.push(element('p', 'number', format(value)));
      if (item.step > 1) lines.push(element('p', 'faint', this.frame.words.largest));
    }
    if (map.factors) lines.push(...this.product(map));
    this.readout.replaceChildren(...lines);
  }

  // The dot product behind the cell, term by term, the largest terms first.
  product(map) {
    const { left, right, width } = map.factors;
    const { tile, row, column } = this.cell;
    const a = left + (tile * map.rows + row) * width;
    const b = right + (tile * map.columns + column) * width;
    const pairs = Array.from({ length: width }, (_, i) => [this.frame.values[a + i], this.frame.values[b + i]]);
    pairs.sort((p, q) => Math.abs(q[0] * q[1]) - Math.abs(p[0] * p[1]));
    const shorter = (x) => x.toFixed(2).replace('-', '−');
    const terms = pairs.slice(0, 12).map(([p, q]) => `${shorter(p)}·${shorter(q)}`).join(' + ');
    const total = pairs.reduce((sum, [p, q]) => sum + p * q, 0);
    const more = width > 12 ? ` + … (${width})` : '';
    return [
      element('p', 'faint', this.frame.words.product),
      element('p', 'terms', `${terms}${more} = ${format(total)}`),
    ];
  }
}

// Where a row (side 0) or a column (side 1) stands, and what stands there if it has a name.
function place(map, side, from, index, size) {
  const start = from + index * map.step;
  const end = Math.min(size, start + map.step) - 1;
  if (end > start) return `${map.axes[side]} ${start}–${end}`;
  const name = map.names[side][start];
  return `${map.axes[side]} ${start}${name === undefined ? '' : `: ${name}`}`;
}
