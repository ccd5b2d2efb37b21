/**
 * The product as it is built (`npm run build`), on the database in argv[2]; the admin's password is in argv[3], it guards nothing but
 * this benchmark. Run from the sources through tsx it is some ten per cent slower.
 */
const built = (name) => import(new URL(`../../dist/${name}`, import.meta.url).href);
const [{ loadConfig }, { startRackwright }, { silentLog }] = await Promise.all(
  ['config.js', 'main.js', 'base/log.js'].map(built),
);
const [dataDirectory = '', password = ''] = process.argv.slice(2);
const config = loadConfig({
  env: {},
  overrides: { dataDirectory, admin: { password }, api: { address: '127.0.0.1', port: 0 } },
});
const rackwright = await startRackwright(config, silentLog, () => {});
const stop = () => void rackwright.close().then(() => process.exit(0));
process.once('SIGTERM', stop);
process.stdin.resume().once('end', stop);
process.stdout.write(`${JSON.stringify({ url: rackwright.url })}\n`);
