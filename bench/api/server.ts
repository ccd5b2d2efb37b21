import { silentLog } from '../../src/base/log.ts';
import { loadConfig } from '../../src/config.ts';
import { startRackwright } from '../../src/main.ts';

/** The product on the database in argv[2]; the admin's password is in argv[3], it guards nothing but this benchmark. */
const [dataDirectory = '', password = ''] = process.argv.slice(2);
const config = loadConfig({
  env: {},
  overrides: {
    dataDirectory,
    admin: { password },
    api: { address: '127.0.0.1', port: 0 },
    log: { level: 'error' },
  },
});
const rackwright = await startRackwright(config, silentLog, () => {});
process.once('SIGTERM', () => {
  void rackwright.close().then(() => process.exit(0));
});
process.stdout.write(`${JSON.stringify({ url: rackwright.url })}\n`);
