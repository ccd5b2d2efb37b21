import { announce } from './announce.ts';
import type { Connection } from './connection.ts';
import { byId, onClick, setText } from './dom.ts';
import type { Session } from './state/session.ts';

/** Tells how the connection stands, when it is not simply there. */
export function createBannerView(connection: () => Connection): (session: Session) => void {
  const banner = byId('banner', HTMLElement);
  const text = byId('banner-text', HTMLElement);
  const retry = byId('banner-retry', HTMLButtonElement);
  const stop = byId('stop', HTMLElement);
  onClick(retry, () => connection().retry());
  let wasLost = false;

  return (session) => {
    const lost = session.phase === 'waiting' || (session.phase === 'connecting' && session.failures > 0);
    const ended = session.phase === 'over' && session.greeted;
    banner.hidden = !lost && !ended;
    retry.hidden = ended;
    retry.disabled = session.phase === 'connecting';
    banner.dataset['kind'] = ended ? 'ended' : 'lost';
    document.body.dataset['phase'] = session.phase;
    const why = session.text === undefined ? '' : ` ${session.text}`;
    if (ended) setText(text, `This console is closed.${why}`);
    else if (session.phase === 'connecting') setText(text, 'The connection was lost. Connecting again…');
    else setText(text, `The connection was lost.${why} The page tries again by itself; nothing gets lost.`);
    if (lost !== wasLost) announce(lost ? 'The connection was lost' : 'The connection is back');
    if (ended) announce(text.textContent ?? '');
    wasLost = lost;

    const never = session.phase === 'over' && !session.greeted;
    stop.hidden = !never;
    if (never) {
      setText(byId('stop-title', HTMLElement), 'No console here');
      setText(byId('stop-text', HTMLElement), session.text ?? '');
    }
  };
}
