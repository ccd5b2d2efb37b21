import type { Connection } from './connection.ts';
import type { PartOfPage } from './context.ts';
import { byId, make, setText } from './dom.ts';
import type { Model } from './state/model.ts';
import { createPictureView } from './picture-view.ts';
import { type StoryLine, storyOf } from './state/story.ts';
import { fullTime, runText, size, span, timeOfDay } from './state/words.ts';

function draw(connection: Connection, line: StoryLine, show: (offset: number) => void): HTMLLIElement {
  const time = make('time', '', timeOfDay(line.at));
  time.dateTime = new Date(line.at).toISOString();
  time.title = fullTime(line.at);
  const since = make('span', 'since', line.since === undefined ? '' : `+${span(line.since)}`);
  since.title = 'since the run began';
  const step = make('span', 'step', line.step);
  const bytes = line.bytes === undefined ? '' : ` (${size(line.bytes)})`;
  const text = make('p', '', `${line.head}${bytes}`);
  const item = make('li', `line ${line.tone}`, [make('div', 'when', [time, since, step]), text]);
  if (line.extract !== undefined) {
    const extract = make('pre', '', line.extract);
    extract.tabIndex = 0;
    item.append(extract);
  }
  const { offset, picture } = line;
  if (picture !== undefined) item.append(createPictureView(connection, picture));
  if (offset !== undefined) {
    const go = make('button', 'link', 'show');
    go.type = 'button';
    go.addEventListener('click', () => show(offset));
    text.append(' ', go);
  }
  return item;
}

/** What happened, newest in sight unless the person scrolled away from it. */
export function createTimelineView(connection: Connection, show: (offset: number) => void): PartOfPage {
  const side = byId('side', HTMLElement);
  const list = byId('timeline', HTMLElement);
  const run = byId('run', HTMLElement);
  const drawn = new Map<string, HTMLLIElement>();
  let last:
    | { readonly model: Pick<Model, 'timeline' | 'marks'>; readonly run: string | undefined }
    | undefined;

  return {
    render(model, now) {
      const { machine, timeline, marks } = model;
      side.hidden = machine === undefined || (machine.kind === 'vm' && timeline.length + marks.length === 0);
      setText(run, runText(machine?.run, now));
      if (last?.model.timeline === timeline && last.model.marks === marks && last.run === machine?.run?.uuid)
        return;
      if (last?.run !== machine?.run?.uuid) drawn.clear();
      last = { model: { timeline, marks }, run: machine?.run?.uuid };
      const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
      const items = storyOf(model).map((line) => {
        const item = drawn.get(line.key) ?? draw(connection, line, show);
        drawn.set(line.key, item);
        return item;
      });
      items.forEach((item, index) => {
        if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
      });
      while (list.children.length > items.length) list.lastElementChild?.remove();
      if (atEnd) list.scrollTop = list.scrollHeight;
    },
  };
}
