import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultConfig } from '../../hardware-lab/bmc-sim/config.ts';
import { type BmcSim, createBmcSim } from '../../hardware-lab/bmc-sim/sim.ts';
import { openTerminal, type Terminal, terminalTool } from '../bmc-sim/terminal.ts';
import { needTools } from '../support/need.ts';
import { runProgram } from '../support/run-program.ts';
import { freeipmiConfig } from '../bmc-sim/freeipmi-config.ts';

process.env['IPMI_PASSWORD'] = 'test-secret';
const config = freeipmiConfig();
afterAll(() => config.remove());

const long = Array.from({ length: 60 }, (_, line) => `line ${line} of a long text of the firmware\r\n`).join(
  '',
);

const typedAt = (sim: BmcSim): string => new TextDecoder('latin1').decode(sim.state().sol?.typed);

/** Both programs print the text of the machine, send what is typed, and can send a break. */
const consoles = [
  {
    name: 'ipmitool sol activate',
    tools: [{ tool: 'ipmitool', package: 'ipmitool' }, terminalTool],
    open: (sim: BmcSim, suite: string) =>
      openTerminal('ipmitool', [...lanplus(sim, suite), 'sol', 'activate']),
    // The escape character counts behind a carriage return only.
    sendBreak: '\r~B',
    leave: '\r~.',
  },
  {
    name: 'ipmiconsole',
    tools: [{ tool: 'ipmiconsole', package: 'freeipmi-tools' }, terminalTool],
    open: (sim: BmcSim, suite: string) =>
      openTerminal('ipmiconsole', [...config.options, '-I', suite, '-h', `${sim.address}:${sim.port}`]),
    sendBreak: '&B',
    leave: '&.',
  },
] as const;

function lanplus(sim: BmcSim, suite: string): readonly string[] {
  const where = ['-H', sim.address, '-p', String(sim.port), '-R', '1', '-N', '3'];
  return ['-I', 'lanplus', '-C', suite, ...where, '-U', 'admin', '-E'];
}

describe.each(consoles)('$name against our BMC simulator', ({ tools, open, sendBreak, leave }) => {
  describe.skipIf(!needTools(...tools))('with a scripted console', () => {
    let sim: BmcSim;
    let terminal: Terminal | undefined;
    beforeEach(async () => {
      // ipmitool 1.8.19 loses characters that come while it waits for the acknowledgement of a rest that it sent again.
      const console = {
        ...defaultConfig.console,
        text: `${long}login: `,
        acceptAtMost: 4,
        dataWithAck: false,
      };
      // ipmiconsole 1.6 takes no port above 32767.
      sim = await createBmcSim({ bind: { address: '127.8.3.1', port: 6230 }, console });
    });
    afterEach(async () => {
      await terminal?.close();
      await sim.close();
    });

    it.each(['3', '17'])(
      'shows the text, sends what is typed and a break, and leaves (suite %s)',
      async (suite) => {
        terminal = open(sim, suite);
        await terminal.sees('line 0 of a long text');
        await terminal.sees('line 59 of a long text of the firmware\r\nlogin: ');
        terminal.types('abc');
        await terminal.sees('abc');
        // Longer than what the port takes at once; ipmitool may lose the echo of it, but not what it sends.
        terminal.types('-long-user-name');
        await until(() => typedAt(sim) === 'abc-long-user-name');
        terminal.types(sendBreak);
        await terminal.sees('<break>');
        expect(sim.state().sol?.breaks).toBe(1);
        sim.writeSerial('kernel: booting\r\n');
        await terminal.sees('kernel: booting');
        terminal.types(leave);
        await until(() => sim.state().sol === undefined && sim.state().sessions.length === 0);
      },
    );

    it('gets through a network that loses and repeats', async () => {
      terminal = open(sim, '17');
      await terminal.sees('line 0 of a long text');
      sim.setFaults({ loss: 0.1, duplicate: 0.1 });
      await terminal.sees('line 59 of a long text');
      sim.setFaults({ loss: 0, duplicate: 0 });
      terminal.types(leave);
      await until(() => sim.state().sol === undefined);
      expect(sim.state().sol).toBeUndefined();
    });
  });
});

const both = consoles.flatMap(({ tools }) => [...tools]);
describe.skipIf(!needTools(...both))('one console at a time', () => {
  it('a second one is told that SOL is active, and may end the first, which is told', async () => {
    const sim = await createBmcSim({ bind: { address: '127.8.3.2', port: 6230 } });
    const terminal = consoles[1].open(sim, '17');
    try {
      await terminal.sees('login: ');
      const second = await runProgram('ipmitool', [...lanplus(sim, '17'), 'sol', 'activate']);
      expect(second.stdout.toString() + second.stderr).toContain(
        'SOL payload already active on another session',
      );
      const end = await runProgram('ipmitool', [...lanplus(sim, '17'), 'sol', 'deactivate']);
      expect(end.status).toBe(0);
      expect(sim.state().sol).toBeUndefined();
      await terminal.sees('SOL session');
    } finally {
      await terminal.close();
      await sim.close();
    }
  });
});

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(what()).toBe(true);
}
