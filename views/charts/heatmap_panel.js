// One panel of the heatmap: colours values by lookup table on a canvas and finds the cell under
// the pointer. Runs as one script with heatmap_view.js, which comes after it.

const GAP = 10; // CSS pixels between the maps of a grid
const LABEL = 16; // and above each of them for its name
const DENSE = 100; // maps from which the names are left to the readout, or there would be no room
const TALLEST = 640;
const SHARE = 0.62; // of the window's height that the maps take at most

function decode(bytes) {
  const copy = bytes.slice(); // aligned, whatever it was cut from
  const length = new DataView(copy.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(copy.subarray(4, 4 + length)));
  return { ...header, values: new Float32Array(copy.buffer, 4 + length) };
}

function lookup(text) {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function format(value) {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  const text = size && (size < 1e-3 || size >= 1e5) ? value.toExponential(3) : value.toPrecision(4);
  return text.replaceAll('-', '−');
}

// Blocks of k × k cells as their maximum, or largest magnitude where values have a sign.
function shrink(values, at, rows, columns, k, signed) {
  const down = Math.ceil(rows / k);
  const across = Math.ceil(columns / k);
  const small = new Float32Array(down * across).fill(-Infinity);
  const size = new Float32Array(down * across).fill(-1);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const v = values[at + r * columns + c];
      const to = Math.floor(r / k) * across + Math.floor(c / k);
      if (Number.isNaN(v)) small[to] = v;
      else if (signed && v !== -Infinity && Math.abs(v) > size[to]) [small[to], size[to]] = [v, Math.abs(v)];
      else if (!signed && v > small[to]) small[to] = v;
    }
  }
  return { small, down, across };
}

function picture(frame, map, tile, k) {
  const { small, down, across } = shrink(
    frame.values, map.at + tile * map.rows * map.columns, map.rows, map.columns, k, map.low < 0);
  const canvas = element('canvas');
  canvas.width = across;
  canvas.height = down;
  const image = new ImageData(across, down);
  const factor = 255 / (map.high - map.low);
  for (let i = 0; i < small.length; i++) {
    const v = small[i];
    let colour = frame.masked;
    if (Number.isNaN(v) || v === Infinity) colour = frame.odd;
    else if (v !== -Infinity) {
      const at = 3 * Math.max(0, Math.min(255, Math.floor((v - map.low) * factor)));
      colour = frame.lookups[map.palette].subarray(at, at + 3);
    }
    image.data.set([colour[0], colour[1], colour[2], 255], 4 * i);
  }
  canvas.getContext('2d').putImageData(image, 0, 0);
  return canvas;
}

// Sizes in CSS pixels: whole device pixels a cell, so that squares are crisp and equal.
function layout(map, width) {
  const ratio = window.devicePixelRatio || 1;
  const down = Math.ceil(map.count / map.across);
  const dense = map.count >= DENSE;
  const label = map.of > 1 && !dense ? LABEL : 0;
  const gap = dense ? 2 : GAP;
  const wide = (width - (map.across - 1) * gap) / (map.across * map.columns);
  const room = Math.max(280, Math.min(TALLEST, window.innerHeight * SHARE));
  const tall = (room - down * label - (down - 1) * gap) / (down * map.rows);
  const fit = Math.max(Math.min(wide, Math.max(tall, 3), 72), 0.05) * ratio;
  const cell = (fit >= 1 ? Math.floor(fit) : fit) / ratio;
  // A map of few rows and many columns gets taller cells, or there would be nothing to point at.
  const high = down > 1 ? cell : Math.max(cell, Math.min(24, 64 / map.rows));
  const pitch = { x: cell * map.columns + gap, y: high * map.rows + gap + label };
  return {
    ratio, label, pitch, down, cell: { x: cell, y: high },
    width: map.across * pitch.x - gap, height: down * pitch.y - gap,
    k: Math.max(1, Math.ceil(1 / (cell * ratio))),
  };
}

class Panel {
  constructor(view, index) {
    this.view = view;
    this.index = index;
    this.root = element('figure');
    this.caption = element('figcaption');
    this.columnAxis = element('span', 'axis');
    this.stage = element('div', 'stage');
    this.legend = element('div', 'legend');
    this.canvas = element('canvas');
    this.cursor = element('div', 'cursor');
    this.drag = element('div', 'drag');
    this.stage.tabIndex = 0;
    this.stage.setAttribute('role', 'img');
    this.root.append(this.caption, this.legend, this.columnAxis, this.stage);
    this.listen();
  }

  get map() {
    return this.view.frame.panels[this.index];
  }

  listen() {
    const { canvas, stage } = this;
    canvas.onpointermove = (event) => this.moved(event);
    canvas.onpointerdown = (event) => this.pressed(event);
    canvas.onpointerup = (event) => this.released(event);
    canvas.onpointercancel = () => this.stopDrag();
    stage.onkeydown = (event) => this.typed(event);
    stage.onfocus = () => this.view.point(this.view.cell || { tile: 0, row: 0, column: 0 });
  }

  draw(width) {
    const map = this.map;
    const at = (this.at = layout(map, width));
    this.canvas.width = Math.round(at.width * at.ratio);
    this.canvas.height = Math.round(at.height * at.ratio);
    Object.assign(this.canvas.style, { width: `${at.width}px`, height: `${at.height}px` });
    const context = this.canvas.getContext('2d');
    context.imageSmoothingEnabled = false;
    for (let tile = 0; tile < map.count; tile++) {
      const { x, y } = this.corner(tile);
      const small = picture(this.view.frame, map, tile, at.k);
      context.drawImage(small, Math.round(x * at.ratio), Math.round(y * at.ratio),
        Math.round(map.columns * at.cell.x * at.ratio), Math.round(map.rows * at.cell.y * at.ratio));
    }
    this.stage.style.width = `${at.width}px`;
    this.stage.setAttribute('aria-label', `${map.title}. ${this.view.frame.alt}`);
    this.stage.replaceChildren(this.canvas, ...this.labels(), this.cursor, this.drag);
    this.describe();
    this.drawLegend();
  }

  corner(tile) {
    const { pitch, label } = this.at;
    const across = this.map.across;
    return { x: (tile % across) * pitch.x, y: Math.floor(tile / across) * pitch.y + label };
  }

  labels() {
    if (!this.at.label) return [];
    return this.map.labels.map((text, tile) => {
      const node = element('span', 'label', text);
      const { x, y } = this.corner(tile);
      const width = this.at.pitch.x - GAP;
      Object.assign(node.style, { left: `${x}px`, top: `${y - LABEL}px`, width: `${width}px` });
      return node;
    });
  }

  describe() {
    const { map } = this;
    const { words, focus, zoomed } = this.view.frame;
    this.caption.replaceChildren(element('span', '', map.title));
    if (map.step > 1) {
      this.caption.append(element('span', 'note', words.blocks.replaceAll('{step}', map.step)));
    }
    if (zoomed) this.button(words.whole, 'zoom');
    else if (focus !== null && map.of > 1) this.button(words.all, 'head');
    this.columnAxis.textContent = `↓ ${map.axes[0]}   → ${map.axes[1]}`;
  }

  button(text, kind) {
    const node = element('button', '', text);
    node.onclick = () => this.view.pick(kind, null);
    this.caption.append(node);
  }

  drawLegend() {
    const { map } = this;
    const { words, masked, odd, lookups } = this.view.frame;
    const bar = element('canvas');
    bar.width = 256;
    bar.height = 1;
    const image = new ImageData(256, 1);
    for (let i = 0; i < 256; i++) image.data.set([...lookups[map.palette].subarray(3 * i, 3 * i + 3), 255], 4 * i);
    bar.getContext('2d').putImageData(image, 0, 0);
    this.legend.replaceChildren(
      element('span', '', format(map.low)), bar, element('span', '', format(map.high)),
      element('span', '', map.unit));
    if (map.hasMasked) this.legend.append(swatch(masked), element('span', '', words.masked));
    if (map.hasOdd) this.legend.append(swatch(odd), element('span', '', words.odd));
  }

  find(event) {
    const box = this.canvas.getBoundingClientRect();
    const { pitch, cell, label } = this.at;
    const x = event.clientX - box.left;
    const y = event.clientY - box.top - label;
    const tile = Math.floor(y / pitch.y) * this.map.across + Math.floor(x / pitch.x);
    const column = Math.floor((x - Math.floor(x / pitch.x) * pitch.x) / cell.x);
    const row = Math.floor((y - Math.floor(y / pitch.y) * pitch.y) / cell.y);
    const inside = tile >= 0 && tile < this.map.count && row >= 0 && row < this.map.rows
      && column >= 0 && column < this.map.columns;
    return inside ? { tile, row, column } : null;
  }

  moved(event) {
    const cell = this.find(event);
    if (cell) this.view.point(cell);
    if (this.start && this.view.frame.picks.includes('zoom') && cell && cell.tile === this.start.tile) {
      this.end = cell;
      this.outline(this.drag, this.start, cell);
    }
  }

  pressed(event) {
    this.start = this.find(event);
    this.end = this.start;
    if (event.pointerType === 'mouse') this.canvas.setPointerCapture(event.pointerId);
  }

  released() {
    const { start, end, map } = this;
    const { picks } = this.view.frame;
    this.stopDrag();
    if (!start || !end) return;
    const [top, bottom] = [start.row, end.row].sort((a, b) => a - b);
    const [left, right] = [start.column, end.column].sort((a, b) => a - b);
    if (bottom - top > 1 && right - left > 1) {
      this.view.pick('zoom', {
        head: map.first + start.tile,
        top: map.top + top * map.step, bottom: Math.min(map.height, map.top + (bottom + 1) * map.step),
        left: map.left + left * map.step, right: Math.min(map.width, map.left + (right + 1) * map.step),
      });
    } else if (map.count > 1 && picks.includes('head')) this.view.pick('head', map.first + start.tile);
  }

  stopDrag() {
    this.start = this.end = null;
    this.drag.style.display = 'none';
  }

  typed(event) {
    const { map } = this;
    const { tile, row, column } = this.view.cell || { tile: 0, row: 0, column: 0 };
    const moves = {
      ArrowUp: { row: row - 1 }, ArrowDown: { row: row + 1 },
      ArrowLeft: { column: column - 1 }, ArrowRight: { column: column + 1 },
      Home: { column: 0 }, End: { column: map.columns - 1 },
      PageUp: { tile: tile - 1 }, PageDown: { tile: tile + 1 },
    };
    if (event.key in moves) this.view.point({ tile, row, column, ...moves[event.key] });
    else if (event.key === 'Enter' && map.count > 1 && this.view.frame.picks.includes('head')) this.view.pick('head', map.first + tile);
    else if (event.key === 'Escape' && this.view.frame.zoomed) this.view.pick('zoom', null);
    else if (event.key === 'Escape' && map.of > map.count) this.view.pick('head', null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  outline(box, from, to) {
    const { x, y } = this.corner(from.tile);
    const { cell } = this.at;
    const top = Math.min(from.row, to.row);
    const left = Math.min(from.column, to.column);
    Object.assign(box.style, {
      display: 'block', left: `${x + left * cell.x}px`, top: `${y + top * cell.y}px`,
      width: `${(Math.abs(to.column - from.column) + 1) * cell.x}px`,
      height: `${(Math.abs(to.row - from.row) + 1) * cell.y}px`,
    });
  }
}

function swatch(colour) {
  const node = element('i');
  node.style.background = `rgb(${colour.join(',')})`;
  return node;
}
