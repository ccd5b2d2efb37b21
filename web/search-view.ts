import type { SearchHit } from '../src/console/protocol.ts';
import type { Page } from './context.ts';
import { byId, make, onClick, setText } from './dom.ts';
import { hitsText, timeOfDay } from './state/words.ts';
import type { ConsoleTerminal } from './terminal.ts';

/** Search in what the terminal has (as one types), and in the whole record on the server. */
export function createSearchView(
  { connection }: Page,
  output: ConsoleTerminal,
  show: (hit: SearchHit) => void,
): void {
  const box = byId('search', HTMLElement);
  const opener = byId('search-open', HTMLButtonElement);
  const field = byId('search-text', HTMLInputElement);
  const note = byId('search-note', HTMLElement);
  const list = byId('search-hits', HTMLElement);
  let hits: readonly SearchHit[] = [];

  const open = (opened: boolean): void => {
    box.hidden = !opened;
    opener.ariaExpanded = String(opened);
    if (opened) field.select();
    else {
      output.endFind();
      opener.focus();
    }
  };
  const find = (direction: 'next' | 'previous'): void => {
    if (field.value === '') return;
    const found = output.find(field.value, direction);
    setText(note, found ? '' : 'Not in the output shown here. The whole record may have it.');
  };
  /** `before`: where an older part of the record ends that was not searched. */
  const draw = (before: number | undefined): void => {
    list.replaceChildren(
      ...hits.map((hit) => {
        const time = make('span', 'when', hit.at === undefined ? '' : timeOfDay(hit.at));
        const go = make('button', 'hit', [time, make('code', '', hit.line.trim())]);
        go.type = 'button';
        onClick(go, () => show(hit));
        return make('li', '', [go]);
      }),
    );
    list.hidden = hits.length === 0 && before === undefined;
    if (before !== undefined) {
      const further = make('button', '', 'Older hits');
      further.type = 'button';
      onClick(further, () => void searchAll(before));
      list.append(make('li', '', [further]));
    }
  };
  const searchAll = async (before?: number): Promise<void> => {
    const text = field.value;
    if (text === '') return;
    setText(note, 'Searching…');
    const answer = await connection.ask({
      type: 'search',
      text,
      ...(before === undefined ? {} : { before }),
    });
    if (answer?.type !== 'found') {
      const why = answer?.type === 'done' ? answer.error : undefined;
      setText(note, why ?? 'The connection was lost; search again when it is back.');
      return;
    }
    hits = before === undefined ? answer.hits : [...hits, ...answer.hits];
    const next = answer.more ? (answer.next ?? hits.at(-1)?.offset) : undefined;
    const isNone = hits.length === 0 && next !== undefined;
    setText(note, isNone ? 'Not in the newest part of the record.' : hitsText(hits.length));
    draw(next);
  };

  onClick(opener, () => open(box.hidden !== false));
  onClick(byId('search-close', HTMLElement), () => open(false));
  onClick(byId('search-previous', HTMLElement), () => find('previous'));
  onClick(byId('search-all', HTMLElement), () => void searchAll());
  field.addEventListener('input', () => {
    if (field.value === '') output.endFind();
    else find('previous');
  });
  byId('search-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    find('next');
  });
  box.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') open(false);
  });
}
