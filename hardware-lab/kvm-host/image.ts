import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultCache } from '../../inspector/build.ts';
import { messageOf } from '../../src/base/errors.ts';
import { buildHostImage } from './image/build.ts';

const { values } = parseArgs({ options: { cache: { type: 'string' } } });
const leave = new AbortController();
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => leave.abort(new Error(signal)));
}
try {
  await buildHostImage({
    cache: values.cache ?? join(defaultCache),
    log: (line) => console.log(line),
    signal: leave.signal,
  });
} catch (error) {
  console.error(`cannot build the KVM host: ${messageOf(error)}`);
  process.exitCode = 1;
}
