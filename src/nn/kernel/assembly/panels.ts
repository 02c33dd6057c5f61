/**
 * Rows pass through the network in chunks that stay in the processor's near caches. A chunk lies in panels of eight
 * rows, and a panel holds one quantity after the other, each with its eight rows side by side: two vectors.
 */
export const chunkRows: usize = 128;
export const panelRows: usize = 8;
export const chunkPanels: usize = chunkRows / panelRows;

export const vectorBytes: usize = 16;
/** Of one quantity in a panel. */
export const lineBytes: usize = 32;

const cacheLineBytes: usize = 64;

/** Between panels, so that the same line of all panels does not fall on the same few places of the cache. */
const gapBytes: usize = 64;

/** The values of a chunk, some `lines` of them a row. */
@unmanaged
export class Panels {
  /** Where the first panel begins. */
  at: usize;
  /** From a panel to the next one. */
  stride: usize;
  lines: usize;

  /** @param chunks for how many chunks there is room, one after the other. */
  constructor(lines: usize, chunks: usize = 1) {
    this.lines = lines;
    this.stride = lines * lineBytes + gapBytes;
    this.at = reserve(this.stride * chunkPanels * chunks);
  }

  /** Sets one line of all panels to a value. */
  fill(line: usize, value: f32): void {
    const values = f32x4.splat(value);
    for (let panel: usize = 0; panel < chunkPanels; panel++) {
      const to = this.at + panel * this.stride + line * lineBytes;
      v128.store(to, values);
      v128.store(to, values, vectorBytes);
    }
  }
}

/** The lines of panels from one on, in one of their chunks. */
export function linesFrom(panels: Panels, line: usize, chunk: usize = 0): Panels {
  const lines = changetype<Panels>(reserve(offsetof<Panels>()));
  lines.at = panels.at + chunk * chunkPanels * panels.stride + line * lineBytes;
  lines.stride = panels.stride;
  lines.lines = panels.lines - line;
  return lines;
}

/** How many panels so many rows need. */
export function panelsOf(rows: usize): usize {
  return (rows + panelRows - 1) / panelRows;
}

/**
 * Memory of zeros that is never given back: an instance lives as long as its network. It begins with a line of the cache,
 * so that two lines of a panel need no more of them than they fill.
 */
export function reserve(bytes: usize): usize {
  return roundUp(heap.alloc(bytes + cacheLineBytes), cacheLineBytes);
}

export function roundUp(count: usize, multiple: usize): usize {
  return ((count + multiple - 1) / multiple) * multiple;
}
