import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { type IMarker, Terminal } from '@xterm/xterm';
import { createSoftener } from './state/soften.ts';

/** The machine's serial console as it was drawn; firmware menus count on at least 80 columns and 24 lines. */
const leastColumns = 80;
const leastRows = 24;
const mostColumns = 200;
const fontSizes = { least: 9, most: 14 } as const;
/** Bytes between two known places of the record in the terminal. */
const placeEvery = 2048;

/** Firmware draws its menus with the eight colours on black: the terminal is dark on a light page too. */
const theme = {
  background: '#10141a',
  foreground: '#d9e0e8',
  cursor: '#7cc4ff',
  cursorAccent: '#10141a',
  selectionBackground: '#35567a',
  overviewRulerBorder: '#1b2129',
  black: '#1b2129',
  brightBlack: '#7f8c9a',
  red: '#ff7b72',
  green: '#7ee787',
  yellow: '#e8c468',
  blue: '#79b8ff',
  magenta: '#d6a6ff',
  cyan: '#76e3ea',
  white: '#d9e0e8',
} as const;

const matches = {
  matchBackground: '#5b4a12',
  matchOverviewRuler: '#e8c468',
  activeMatchBackground: '#a86a00',
  activeMatchColorOverviewRuler: '#ffd27a',
} as const;

/** A terminal that knows where in the record its lines are. */
export interface ConsoleTerminal {
  readonly terminal: Terminal;
  write(bytes: Uint8Array, offset: number): void;
  /** A line across the terminal at its newest line. */
  rule(text: string, kind: 'bad' | 'plain'): void;
  clear(): void;
  /** Output before `until` is of the past: its questions to a terminal are not answered. */
  past(until: number): void;
  fit(): void;
  /** Everything before this offset is drawn. */
  drawnTo(): number;
  /** Scrolls to a line of the record; false when it is not in the terminal. */
  show(offset: number, line: string): boolean;
  find(text: string, direction: 'next' | 'previous'): boolean;
  endFind(): void;
  text(): string;
}

/**
 * Programs ask a terminal what it is and where its cursor is. Only the one who types may answer, and never to a question of the
 * past: the answer would be typed into a shell that did not ask. What would lose output is not done either.
 */
function guard({ parser }: Terminal, mayAnswer: () => boolean): void {
  const swallow = (): boolean => !mayAnswer();
  for (const id of [
    { final: 'c' },
    { prefix: '>', final: 'c' },
    { prefix: '=', final: 'c' },
    { final: 'n' },
    { prefix: '?', final: 'n' },
    { prefix: '>', final: 'q' },
    { intermediates: '$', final: 'p' },
    { prefix: '?', intermediates: '$', final: 'p' },
    { final: 't' },
  ]) {
    parser.registerCsiHandler(id, swallow);
  }
  // ED 3 forgets what scrolled away, for everybody who looks.
  parser.registerCsiHandler({ final: 'J' }, ([what]) => what === 3);
  // Firmware turns the wrapping of long lines off and leaves it so: the kernel's lines would end at the margin.
  parser.registerCsiHandler({ prefix: '?', final: 'l' }, ([mode, more]) => mode === 7 && more === undefined);
  parser.registerDcsHandler({ intermediates: '$', final: 'q' }, swallow);
  for (const colour of [4, 10, 11, 12]) {
    parser.registerOscHandler(colour, (data) => data.includes('?') && !mayAnswer());
  }
}

/** Draws a terminal into `host`; `mayAnswer` tells whether this page is the one that types. */
export function createTerminal(host: HTMLElement, mayAnswer: () => boolean): ConsoleTerminal {
  const terminal = new Terminal({
    scrollback: 100_000,
    // The whole run stays readable: what a program wipes off the screen scrolls away.
    scrollOnEraseInDisplay: true,
    fontFamily: 'ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace',
    fontSize: fontSizes.most,
    lineHeight: 1.15,
    theme,
    cursorBlink: !matchMedia('(prefers-reduced-motion: reduce)').matches,
    // A link in a machine's output leads where the machine wants.
    linkHandler: { activate: () => undefined },
    allowProposedApi: true,
    overviewRuler: { width: 12 },
  });
  const fitter = new FitAddon();
  const search = new SearchAddon({ highlightLimit: 500 });
  terminal.loadAddon(fitter);
  terminal.loadAddon(search);
  terminal.open(host);

  let liveFrom = 0;
  let drawn = 0;
  let drawnTo = 0;
  let clears = 0;
  let soften = createSoftener();
  let places: { readonly offset: number; readonly marker: IMarker }[] = [];
  guard(terminal, () => drawn >= liveFrom && mayAnswer());

  const lineText = (line: number): string =>
    terminal.buffer.normal.getLine(line)?.translateToString(true) ?? '';

  return {
    terminal,
    write(bytes, offset) {
      const mine = clears;
      // In pieces, so that places are known and a question at the end of the past stays in the past.
      for (let from = 0; from < bytes.length; from += placeEvery) {
        const piece = bytes.subarray(from, from + placeEvery);
        const at = offset + from;
        terminal.write('', () => {
          drawn = at;
          places.push({ offset: at, marker: terminal.registerMarker(0) });
          if (places[0]?.marker.isDisposed === true)
            places = places.filter(({ marker }) => !marker.isDisposed);
        });
        terminal.write(soften(piece), () => {
          if (clears === mine) drawnTo = at + piece.length;
        });
      }
    },
    rule(text, kind) {
      terminal.write('', () => {
        const marker = terminal.registerMarker(0);
        const overviewRulerOptions = { color: kind === 'bad' ? theme.red : theme.blue };
        const drawnRule = terminal.registerDecoration({ marker, width: terminal.cols, overviewRulerOptions });
        drawnRule?.onRender((element) => {
          element.classList.add('rule', `rule-${kind}`);
          element.title = text;
        });
      });
    },
    clear() {
      soften = createSoftener();
      drawnTo = 0;
      clears += 1;
      // Behind what is still to be drawn, or that would come into the empty terminal.
      terminal.write('', () => {
        terminal.reset();
        places = [];
      });
    },
    past(until) {
      liveFrom = Math.max(liveFrom, until);
    },
    fit() {
      const { width } = host.getBoundingClientRect();
      if (width === 0) return;
      // A character is about 0.6 of its height wide.
      const wished = Math.floor((width - 24) / leastColumns / 0.602);
      terminal.options.fontSize = Math.max(fontSizes.least, Math.min(fontSizes.most, wished));
      const proposed = fitter.proposeDimensions();
      if (proposed === undefined || Number.isNaN(proposed.cols)) return;
      const cols = Math.min(mostColumns, Math.max(leastColumns, proposed.cols));
      const rows = Math.max(leastRows, proposed.rows);
      if (cols !== terminal.cols || rows !== terminal.rows) terminal.resize(cols, rows);
    },
    drawnTo: () => drawnTo,
    show(offset, line) {
      const place = places.findLast((known) => known.offset <= offset && !known.marker.isDisposed);
      if (place === undefined || offset >= drawnTo) return false;
      const wanted = line.trim();
      const { length } = terminal.buffer.normal;
      const last = Math.min(length, place.marker.line + placeEvery);
      let found = place.marker.line;
      for (let at = place.marker.line; at < last; at += 1) {
        if (
          wanted !== '' &&
          lineText(at)
            .trim()
            .startsWith(wanted.slice(0, terminal.cols - 1))
        ) {
          found = at;
          break;
        }
      }
      terminal.scrollToLine(Math.max(0, found - Math.floor(terminal.rows / 3)));
      terminal.select(0, found, Math.max(1, lineText(found).length));
      return true;
    },
    find: (text, direction) =>
      direction === 'next'
        ? search.findNext(text, { decorations: matches })
        : search.findPrevious(text, { decorations: matches }),
    endFind() {
      search.clearDecorations();
      terminal.clearSelection();
    },
    text() {
      const { normal } = terminal.buffer;
      const lines: string[] = [];
      for (let at = 0; at < normal.length; at += 1) {
        const line = normal.getLine(at);
        const text = line?.translateToString(true) ?? '';
        if (line?.isWrapped === true) lines.push(`${lines.pop() ?? ''}${text}`);
        else lines.push(text);
      }
      return `${lines.join('\n').trimEnd()}\n`;
    },
  };
}
