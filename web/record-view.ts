import type { SearchHit } from '../src/console/protocol.ts';
import { tell } from './announce.ts';
import type { Page, PartOfPage } from './context.ts';
import { byId, make, onClick } from './dom.ts';
import { fileName, type Received } from './state/received.ts';
import { size } from './state/words.ts';
import type { ConsoleTerminal } from './terminal.ts';

/** What one step back loads, bytes. */
const stepBack = 2 * 1024 * 1024;

/** Puts a text on the clipboard; the old way where a page without TLS may not use the new one. */
async function copyText(text: string): Promise<boolean> {
  if (isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // The browser or the person refused; the old way may still work.
    }
  }
  const area = make('textarea', 'unseen', '');
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}

function save(pieces: readonly Uint8Array<ArrayBuffer>[], name: string): void {
  const url = URL.createObjectURL(new Blob([...pieces], { type: 'application/octet-stream' }));
  const link = make('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Copying, saving, going back in the record; `show` brings a place of the record into sight, loading it when it is older. */
export function createRecordView(
  { connection, model }: Page,
  output: ConsoleTerminal,
  received: Received,
): PartOfPage & { readonly show: (hit: Pick<SearchHit, 'offset' | 'line'>) => void } {
  const older = byId('older', HTMLButtonElement);
  // Shown when all is there again: a terminal at its end follows what comes.
  let wanted: { readonly hit: Pick<SearchHit, 'offset' | 'line'>; readonly until: number } | undefined;

  onClick(byId('copy', HTMLElement), () => {
    const text = output.terminal.hasSelection() ? output.terminal.getSelection() : output.text();
    void copyText(text).then((done) =>
      tell(done ? 'Copied.' : 'The browser did not allow it; select the text and press Ctrl+C.'),
    );
  });
  onClick(byId('download', HTMLElement), () => {
    save(received.pieces(), fileName(model().machine?.name ?? '', new Date()));
    const start = connection.session().output.start ?? 0;
    if (received.dropped() > 0 || start > model().kept.start) {
      tell('The file has what this page holds. The API gives the whole record.');
    }
  });
  onClick(older, () => {
    const start = connection.session().output.start ?? 0;
    connection.showFrom(Math.max(model().kept.start, start - stepBack));
    output.terminal.focus();
  });

  return {
    show(hit) {
      if (output.show(hit.offset, hit.line)) return;
      wanted = { hit, until: connection.session().output.next ?? 0 };
      connection.showFrom(Math.max(model().kept.start, hit.offset - 4096));
    },
    render({ kept }) {
      const { start } = connection.session().output;
      const more = start === undefined ? 0 : start - kept.start;
      older.hidden = more <= 0;
      older.textContent = `Show older output (${size(Math.max(0, more))} more)`;
      if (wanted === undefined || output.drawnTo() < wanted.until) return;
      output.show(wanted.hit.offset, wanted.hit.line);
      wanted = undefined;
    },
  };
}
