import { announce, tell } from './announce.ts';
import { confirmInPage } from './confirm.ts';
import type { Page, PartOfPage } from './context.ts';
import { byId, make, onClick, setText } from './dom.ts';
import { causeOf, type Model } from './state/model.ts';

type PowerAction = 'on' | 'off' | 'reset';

const questions: Readonly<Record<Exclude<PowerAction, 'on'>, readonly [risk: string, yes: string]>> = {
  off: ['off? Its system gets no time to save anything.', 'Turn off'],
  reset: ['and start it again? Its system gets no time to save anything.', 'Reset'],
};

const powerWords = { on: 'power on', off: 'power off', unknown: 'power unknown' } as const;

/** Name, status, power with its buttons, who watches, and why the run failed. */
export function createHeaderView({ connection, model }: Page): PartOfPage {
  const name = byId('name', HTMLElement);
  const status = byId('status', HTMLElement);
  const power = byId('power', HTMLElement);
  const people = byId('people', HTMLDetailsElement);
  const list = byId('people-list', HTMLElement);
  const cause = byId('cause', HTMLElement);
  const buttons = (['on', 'off', 'reset'] as const).map((action) => ({
    action,
    button: byId(`power-${action}`, HTMLButtonElement),
  }));
  let busy = false;

  const act = async (action: PowerAction): Promise<void> => {
    const machine = model().machine?.name ?? 'this machine';
    if (action !== 'on') {
      const [risk, yes] = questions[action];
      const question = `${action === 'off' ? 'Turn' : 'Reset'} ${machine} ${risk}`;
      if (!(await confirmInPage(question, yes))) return;
    }
    busy = true;
    draw(model());
    const answer = await connection.ask({ type: 'power', action });
    busy = false;
    draw(model());
    if (answer === undefined) tell('The connection was lost; look at the power state before you try again.');
    else if (answer.type === 'done' && answer.error !== undefined) tell(answer.error);
    else announce(`${machine}: ${action} was carried out`);
  };
  for (const { action, button } of buttons) onClick(button, () => void act(action));

  const draw = ({ connected, machine, mayAct, viewers, writer, you }: Model): void => {
    if (machine === undefined) return;
    setText(name, machine.name);
    document.title = `${machine.name} - console`;
    setText(status, machine.status);
    setText(power, powerWords[machine.power]);
    power.dataset['power'] = machine.power;
    status.hidden = false;
    power.hidden = false;
    byId('power-buttons', HTMLElement).hidden = !mayAct;
    for (const { action, button } of buttons) {
      button.disabled =
        busy || !connected || (action === 'on' ? machine.power === 'on' : machine.power === 'off');
    }
    people.hidden = !connected || viewers.length === 0;
    setText(
      byId('people-count', HTMLElement),
      viewers.length === 1 ? 'only you watch' : `${viewers.length} watch`,
    );
    list.replaceChildren(
      ...viewers.map(({ id, name }) => {
        const notes = [id === you?.id ? 'you' : '', id === writer ? 'has the keyboard' : ''].filter(Boolean);
        return make('li', '', notes.length === 0 ? name : `${name} (${notes.join(', ')})`);
      }),
    );
  };

  let told = '';
  return {
    render(model) {
      draw(model);
      const { machine } = model;
      const why = causeOf(model);
      cause.hidden = why === undefined;
      setText(byId('cause-text', HTMLElement), why ?? '');
      const state =
        machine === undefined ? '' : `${machine.name}: ${machine.status}, ${powerWords[machine.power]}`;
      const news = why === undefined ? state : `${state}. It failed: ${why}`;
      if (news !== told) announce(news);
      told = news;
    },
  };
}
