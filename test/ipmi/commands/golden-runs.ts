import { createBmcFleet } from '../../../hardware-lab/bmc-sim/fleet.ts';
import { runConsole } from '../../support/run-console.ts';
import { parseIpmitoolTrace } from '../../support/ipmitool-trace.ts';
import { startGoldenSim } from './golden-sim.ts';
import { exchangesOf, writeGolden } from './golden.ts';

/** Runs of ipmitool against ipmi_sim with bmc.emu, by name of the capture. Those that change something come last. */
export const ipmiSimRuns: ReadonlyMap<string, string> = new Map([
  ['sdr', 'sdr elist all'],
  ['sensor', 'sensor'],
  ['sel', 'sel elist'],
  ['sel-info', 'sel info'],
  ['sel-time', 'sel time get'],
  ['sdr-info', 'sdr info'],
  ['fru', 'fru print 0'],
  ['lan', 'lan print 1'],
  ['users', 'user list 1'],
  ['channel-info', 'channel info 1'],
  ['chassis-status', 'chassis status'],
  ['user-set-name', 'user set name 5 newname'],
  ['user-priv', 'user priv 5 3 1'],
  ['identify', 'chassis identify 20'],
  ['identify-force', 'chassis identify force'],
  ['sel-clear', 'sel clear'],
]);

/** Runs against the project's own simulator, for what ipmi_sim does not know: requests are ipmitool's, replies are by the standard. */
export const ownSimRuns: ReadonlyMap<string, string> = new Map([
  ['own-selftest', 'mc selftest'],
  ['own-acpi', 'raw 0x06 0x07'],
  ['own-sol-info', 'sol info 1'],
  ['own-sol-bit-rate', 'sol set volatile-bit-rate 115.2 1'],
  ['own-sol-retry', 'sol set retry-count 5 1'],
  ['own-sol-enabled', 'sol set enabled true 1'],
  ['own-sol-deactivate', 'sol deactivate'],
  ['own-policy', 'chassis policy always-on'],
  ['own-policy-list', 'chassis policy list'],
  ['own-restart-cause', 'chassis restart_cause'],
  ['own-bootdev', 'chassis bootdev pxe options=efiboot'],
  ['own-bootparam', 'chassis bootparam set bootflag force_pxe options=timeout'],
  ['own-lan', 'lan print 1'],
  ['own-fru', 'fru print 0'],
  ['own-sensor', 'sensor'],
  ['own-password-16', 'user set password 5 short-test 16'],
  ['own-password-test', 'user test 5 16 short-test'],
  ['own-password-20', 'user set password 5 longer-than-sixteen 20'],
  ['own-user-enable', 'user enable 5'],
  ['own-user-disable', 'user disable 5'],
  ['own-user-name', 'user set name 5 newname'],
  ['own-user-access', 'channel setaccess 1 5 callin=off ipmi=on link=off privilege=3'],
  ['own-reset-warm', 'mc reset warm'],
]);

/** Messages of the login and the end. IPMI 2.0 §22.18, §22.19 */
const isOfSession = ({ netFn, cmd }: { netFn: number; cmd: number }): boolean =>
  netFn === 0x06 && (cmd === 0x3b || cmd === 0x3c);

/** Runs ipmitool twice, for what it prints and for its bytes, and writes the capture. */
async function captureGolden(
  at: { readonly address: string; readonly port: number },
  bmc: string,
  name: string,
  words: string,
): Promise<void> {
  const where = ['-H', at.address, '-p', String(at.port)];
  const run = async (verbose: readonly string[]): Promise<string> => {
    const args = [...verbose, '-I', 'lanplus', '-C', '3', ...where, '-U', 'admin', '-E', ...words.split(' ')];
    return (await runConsole('ipmitool', args, { IPMI_PASSWORD: 'test-secret' })).text;
  };
  const text = await run([]);
  const { session } = parseIpmitoolTrace(await run(['-vvvvv']), 12);
  writeGolden(name, {
    provenance: {
      console: (await runConsole('ipmitool', ['-V'])).text.trim(),
      bmc,
      command: `ipmitool -vvvvv -I lanplus -C 3 -H <bmc> -p <port> -U admin -E ${words}`,
    },
    text,
    exchanges: exchangesOf(session).filter((one) => !isOfSession(one)),
  });
}

/** Makes all captures anew. */
export async function captureAll(): Promise<void> {
  const sim = await startGoldenSim();
  try {
    const bmc = 'ipmi_sim of OpenIPMI 2.0.33 (Debian package openipmi) with bmc.emu';
    for (const [name, words] of ipmiSimRuns) await captureGolden(sim, bmc, name, words);
  } finally {
    await sim.close();
  }
  const at = { address: '127.8.251.1', port: 9671 };
  const fleet = await createBmcFleet({ count: 1, firstAddress: at.address, port: at.port, powerOn: true });
  try {
    for (const [name, words] of ownSimRuns) await captureGolden(at, 'hardware-lab/bmc-sim', name, words);
  } finally {
    await fleet.close();
  }
}
