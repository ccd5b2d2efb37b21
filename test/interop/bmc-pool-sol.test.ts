import { expect, it, onTestFinished } from 'vitest';
import { createBmcSim } from '../../hardware-lab/bmc-sim/sim.ts';
import {
  connectBmc,
  createBmcPool,
  createLockoutGuard,
  memoryGuardStore,
  openSol,
} from '../../src/ipmi/index.ts';
import { realDeps } from '../support/ipmi-deps.ts';

it('status, commands and the serial console of a BMC share one session', async () => {
  const { clock, random } = realDeps;
  const sim = await createBmcSim({ bind: { address: '127.0.0.1', port: 0 }, powerOn: true });
  onTestFinished(() => sim.close());
  const guard = createLockoutGuard(memoryGuardStore(), clock);
  const connect = (target: Parameters<typeof connectBmc>[0], timing?: Parameters<typeof connectBmc>[2]) =>
    connectBmc(target, realDeps, timing);
  const pool = createBmcPool({}, { connect, clock, random, guard });
  onTestFinished(() => pool.close());
  const target = { address: '127.0.0.1', port: sim.port, username: 'admin', password: 'test-secret' };
  const sessions = (): number => {
    const held = sim.state().sessions as unknown as { readonly size?: number; readonly length?: number };
    return held.size ?? held.length ?? Number.NaN;
  };

  let text = '';
  await pool.use('one', target, async (session) => {
    const stream = await openSol({ connect: async () => session, clock });
    stream.subscribe({
      receive(event) {
        if (event.kind === 'output') text += new TextDecoder().decode(event.data);
      },
      dropped: () => {},
    });
    sim.writeSerial('from the machine\r\n');
    await expect.poll(() => text, { timeout: 10_000 }).toContain('from the machine');
    const on = await pool.use('one', target, async (other) => (await other.chassisStatus()).powerOn, {
      priority: 'status',
    });
    expect(on).toBe(true);
    await stream.write(new TextEncoder().encode('typed'));
    await pool.use('one', target, (other) => other.deviceId());
    expect(sessions()).toBe(1);
    await stream.close();
  });
  // The stream ended its payload, not the session that others use.
  expect(await pool.use('one', target, async (other) => (await other.chassisStatus()).powerOn)).toBe(true);
  expect(sessions()).toBe(1);
});
