import { parseArgs } from 'node:util';
import { messageOf } from '../base/errors.ts';
import { run } from './run.ts';

/** The server is loaded only when it is wanted: a client command must start fast and needs no database driver. */
async function runServer(args: readonly string[]): Promise<void> {
  let options: { config?: string | undefined; help?: boolean | undefined };
  try {
    const known = { config: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
    options = parseArgs({ args: [...args], options: known }).values;
  } catch (error) {
    process.stderr.write(`rackwright serve: ${messageOf(error)}\n`);
    process.exitCode = 2;
    return;
  }
  if (options.help === true) {
    process.stdout.write('usage: rackwright serve [--config FILE]\n');
    return;
  }
  const { serve } = await import('./serve.ts');
  await serve(options.config === undefined ? {} : { config: options.config });
}

const [command, ...args] = process.argv.slice(2);
if (command === 'serve') await runServer(args);
else process.exitCode = await run(process.argv.slice(2), process);
