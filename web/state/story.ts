import type { TimelineLine } from '../../src/console/protocol.ts';
import type { Mark, Model } from './model.ts';
import { splitText, tone } from './words.ts';

/** A line of the timeline as it is drawn. */
export interface StoryLine {
  readonly key: string;
  readonly at: number;
  /** ms since the run began; undefined without a run, or before it. */
  readonly since: number | undefined;
  readonly step: string;
  readonly head: string;
  readonly extract: string | undefined;
  readonly bytes: number | undefined;
  readonly tone: 'bad' | 'good' | 'plain' | 'note';
  /** Where in the record it was. */
  readonly offset: number | undefined;
  /** Name of a picture of the screen. */
  readonly picture: string | undefined;
}

const markWords: Readonly<Record<Mark['kind'], string>> = {
  gap: 'console output may be missing here',
  detached: 'the way to the console was lost',
  left: 'the server closed the console',
  attached: 'the console is connected',
  break: 'a break was sent',
  'run-begin': 'console output of this run begins',
  'run-end': 'console output of this run ends',
};

const consoleHead = 'newest lines of the console';

const fromLine = (line: TimelineLine, index: number, startedAt: number | undefined): StoryLine => ({
  key: `t${index}`,
  at: line.at,
  since: startedAt === undefined || line.at < startedAt ? undefined : line.at - startedAt,
  step: line.step,
  // The address that a picture has for programs is of no use to people here.
  ...splitText(line.picture === undefined ? line.text : line.text.replace(/:? \S*$/, '')),
  bytes: line.bytes,
  tone: tone(line),
  offset: undefined,
  picture: line.picture,
});

/** Lines of a console that were told at once are one extract. */
function joinConsole(lines: readonly TimelineLine[]): readonly TimelineLine[] {
  const joined: TimelineLine[] = [];
  for (const line of lines) {
    const last = joined.at(-1);
    if (line.step === 'console' && last?.step === 'console' && last.at === line.at) {
      const text = last.text.startsWith(`${consoleHead}\n`) ? last.text : `${consoleHead}\n${last.text}`;
      joined[joined.length - 1] = { ...last, text: `${text}\n${line.text}` };
    } else {
      joined.push(line);
    }
  }
  return joined;
}

/** Timeline of the newest run and the console's marks since it began (all of them without a run), oldest first. */
export function storyOf({ machine, timeline, marks }: Model): readonly StoryLine[] {
  const startedAt = machine?.run?.startedAt;
  const lines = joinConsole(timeline).map((line, index) => fromLine(line, index, startedAt));
  const notes = marks
    .filter((mark) => mark.at >= (startedAt ?? 0))
    .map((mark): StoryLine => {
      const text = mark.text === undefined ? '' : `: ${mark.text}`;
      const line = { at: mark.at, step: 'console', text: `${markWords[mark.kind]}${text}` };
      return {
        ...fromLine(line, 0, startedAt),
        key: `m${mark.offset}-${mark.kind}-${mark.at}`,
        tone: 'note',
        offset: mark.offset,
      };
    });
  return [...lines, ...notes].toSorted((a, b) => a.at - b.at);
}
