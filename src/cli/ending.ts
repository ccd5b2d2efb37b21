import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';

/**
 * What the server does with a signal that ends it: the first one closes everything and ends the process with status 0, or 1 when that
 * fails. A second one does not wait for that: it ends the process at once with status 1.
 */
export function endingOf(deps: {
  readonly close: () => Promise<void>;
  readonly log: Logger;
  readonly failureText?: (error: unknown) => string;
  readonly exit: (status: number) => void;
}): (signal: NodeJS.Signals) => void {
  const { close, log, failureText = messageOf, exit } = deps;
  let isEnding = false;
  return (signal) => {
    if (isEnding) {
      log.error({ signal }, 'a second signal: ending at once, what was under way is not finished');
      return exit(1);
    }
    isEnding = true;
    log.info({ signal }, 'ending');
    close().then(
      () => exit(0),
      (error: unknown) => {
        log.error({ reason: failureText(error) }, 'did not end in order');
        exit(1);
      },
    );
  };
}
