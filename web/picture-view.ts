import type { Connection } from './connection.ts';
import { make, onClick, setText } from './dom.ts';

/** A button that fetches a picture of the timeline and shows it in its place. */
export function createPictureView({ ask }: Pick<Connection, 'ask'>, name: string): HTMLElement {
  const opener = make('button', 'link', 'show picture');
  const note = make('span', 'note');
  const box = make('div', 'picture', [opener, note]);
  let isAsking = false;

  const show = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    setText(note, 'Fetching…');
    const answer = await ask({ type: 'picture', name });
    isAsking = false;
    if (answer?.type !== 'picture') {
      const why = answer?.type === 'done' ? answer.error : undefined;
      setText(note, why ?? 'The connection was lost; try again when it is back.');
      return;
    }
    const picture = document.createElement('img');
    picture.alt = 'The screen of the machine at that time';
    picture.src = `data:image/png;base64,${answer.png}`;
    box.replaceChildren(picture);
  };
  onClick(opener, () => void show());
  return box;
}
