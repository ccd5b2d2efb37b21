import { type ProbeSection, probeSections, type RawDomain } from './raw.ts';

/** What the probe's output holds. */
export interface Frames {
  readonly sections: ReadonlyMap<ProbeSection, string>;
  readonly failures: ReadonlyMap<ProbeSection, string>;
  readonly domains: readonly RawDomain[] | undefined;
  /** The script came to its end. */
  readonly done: boolean;
}

const known: ReadonlySet<string> = new Set(probeSections);

/**
 * Splits the output of `probeScript` at the lines that begin with the mark. A section that was begun and not ended is left out, and so
 * is one whose program failed without output of use (its last words are then in `failures`).
 */
export function splitFrames(output: string, mark: string): Frames {
  const sections = new Map<ProbeSection, string>();
  const failures = new Map<ProbeSection, string>();
  const pieces = output.split(`\n${mark}:`);
  let done = false;
  for (const [index, piece] of pieces.entries()) {
    const [word, name] = headOf(piece);
    if (word === 'done') done = true;
    if (word !== 'begin' || !isSection(name)) continue;
    const end = pieces.slice(index + 1).findIndex((next) => headOf(next)[0] === 'end');
    if (end === -1) continue;
    const [, ended, code] = headOf(pieces[index + 1 + end] ?? '');
    if (ended !== name) continue;
    const text = [bodyOf(piece), ...pieces.slice(index + 1, index + 1 + end).map((p) => `${mark}:${p}`)].join(
      '\n',
    );
    if (code === '0') sections.set(name, text);
    else failures.set(name, text.trim().slice(-500));
    // A program that failed half-way may have printed what counts; libvirt's lists must be whole.
    if (code !== '0' && text.trim() !== '' && name !== 'domains' && name !== 'versions')
      sections.set(name, text);
  }
  return { sections, failures, domains: domainsOf(sections.get('domains'), mark), done };
}

/** The domains of a section that is whole; undefined when it is missing or cut. */
function domainsOf(section: string | undefined, mark: string): readonly RawDomain[] | undefined {
  const pieces = `\n${section ?? ''}`.split(`\n${mark}:`).slice(1);
  if (pieces.at(-1)?.trim() !== 'all') return undefined;
  const domains: RawDomain[] = [];
  for (const [index, piece] of pieces.entries()) {
    const [word, uuid] = headOf(piece);
    if (word !== 'domain' || uuid === undefined) continue;
    const part = (offset: number, name: string): string => {
      const text = pieces[index + offset] ?? '';
      return headOf(text)[0] === name ? bodyOf(text).trim() : '';
    };
    domains.push({
      uuid,
      persistent: headOf(pieces[index + 3] ?? '')[0] !== 'transient',
      state: bodyOf(piece).trim(),
      xml: part(1, 'live'),
      inactiveXml: part(2, 'inactive'),
    });
  }
  return domains;
}

/** The words of a piece's first line. */
function headOf(piece: string): string[] {
  const end = piece.indexOf('\n');
  return (end === -1 ? piece : piece.slice(0, end)).split(':');
}

/** What follows a piece's first line, without the line break before the next mark. */
function bodyOf(piece: string): string {
  const end = piece.indexOf('\n');
  return end === -1 ? '' : piece.slice(end + 1);
}

function isSection(name: string | undefined): name is ProbeSection {
  return name !== undefined && known.has(name);
}
