import { announce } from './announce.ts';
import type { Connection } from './connection.ts';
import { byId, onClick, setText } from './dom.ts';
import type { Session } from './state/session.ts';
import { bannerOf } from './state/words.ts';

/** Tells how the connection stands, when it is not simply there. */
export function createBannerView(connection: () => Connection): (session: Session) => void {
  const banner = byId('banner', HTMLElement);
  const text = byId('banner-text', HTMLElement);
  const retry = byId('banner-retry', HTMLButtonElement);
  const stop = byId('stop', HTMLElement);
  onClick(retry, () => connection().retry());
  let wasLost = false;

  return (session) => {
    const said = bannerOf(session);
    const ended = said?.kind === 'ended';
    const lost = said !== undefined && !ended;
    banner.hidden = said === undefined;
    retry.hidden = ended;
    retry.disabled = session.phase === 'connecting';
    if (said !== undefined) {
      banner.dataset['kind'] = said.kind;
      setText(text, `${said.what} ${said.next}`);
    }
    document.body.dataset['phase'] = session.phase;
    if (ended) announce(`${said.what} ${said.next}`);
    else if (lost !== wasLost) announce(said?.what ?? 'The connection is back');
    wasLost = lost;

    const never = session.phase === 'over' && !session.greeted;
    stop.hidden = !never;
    if (never) {
      setText(byId('stop-title', HTMLElement), 'No console here');
      setText(byId('stop-text', HTMLElement), session.text ?? '');
    }
  };
}
