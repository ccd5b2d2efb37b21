import { pino } from 'pino';
import { loadConfig } from '../config.ts';
import { endingOf } from './ending.ts';
import { startFailureText, startRackwright } from '../main.ts';

/** Runs the server until SIGTERM or SIGINT; a second one does not wait. Ends the process with status 1 and one clear text when it can't start. */
export async function serve(args: { readonly config?: string }): Promise<void> {
  try {
    const config = loadConfig({
      ...(args.config === undefined ? {} : { file: args.config }),
      env: process.env,
    });
    const log = pino({ level: config.log.level, base: null, timestamp: pino.stdTimeFunctions.isoTime });
    const rackwright = await startRackwright(config, log, (password) => {
      // To the terminal, not into the log: it is shown this once.
      process.stderr.write(
        `\nFirst start: account "admin" was created with the password\n\n    ${password}\n\nIt is shown only now.\n\n`,
      );
    });
    log.info({ url: rackwright.url }, 'Rackwright is ready');
    const end = endingOf({
      close: () => rackwright.close(),
      log,
      failureText: startFailureText,
      exit: (status) => process.exit(status),
    });
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
  } catch (error) {
    process.stderr.write(`rackwright: ${startFailureText(error)}\n`);
    process.exitCode = 1;
  }
}
