import { type Clock, delay } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Uuid } from '../base/uuid.ts';
import { uuidReadings } from '../base/uuid.ts';
import { type BmcClient, IpmiError, setPower } from '../ipmi/index.ts';
import type { Chassis } from './model.ts';
import type { ConnectBmc } from './ports.ts';
import type { PowerAction } from './service.ts';
import { createTurns } from '../base/turns.ts';

/** What a first login to a BMC tells. */
export interface BmcIdentity {
  readonly systemUuids: readonly Uuid[];
}

/** A BMC as provisioning uses it; one session at a time a chassis, opened for the work and closed after it. */
export interface Bmc {
  /** Logs in and reads who the machine is; a BMC without System GUID is fine. */
  identify(chassis: Chassis): Promise<BmcIdentity>;
  isOn(chassis: Chassis): Promise<boolean>;
  power(chassis: Chassis, action: PowerAction): Promise<void>;
  /** Sets network boot once, tells what was kept, and makes the machine start from off or again. */
  bootFromNetwork(
    chassis: Chassis,
    efi: boolean,
    flagSet: (kept: { kept: boolean; marked: boolean; efiKept: boolean }) => void,
  ): Promise<string>;
  /** Waits up to `patienceMs` for the machine to be off, then powers it off. Answers what it took. */
  ensureOff(chassis: Chassis, patienceMs: number): Promise<string>;
}

const pollMs = 2000;

/** Builds the BMC side of provisioning on a connector. */
export function createBmc(connect: ConnectBmc, clock: Clock): Bmc {
  const turns = createTurns();

  const withClient = <T>(chassis: Chassis, work: (client: BmcClient) => Promise<T>): Promise<T> =>
    turns(chassis.uuid, async () => {
      const client = await connect({
        address: chassis.ipmiAddress,
        port: chassis.ipmiPort,
        username: chassis.ipmiUsername,
        password: chassis.ipmiPassword,
      });
      try {
        return await work(client);
      } finally {
        await client.close();
      }
    });

  const isOn = async (client: BmcClient): Promise<boolean> => (await client.chassisStatus()).powerOn;

  async function waitFor(client: BmcClient, on: boolean, patienceMs: number): Promise<boolean> {
    const until = clock.now() + patienceMs;
    for (;;) {
      if ((await isOn(client)) === on) return true;
      if (clock.now() >= until) return false;
      await delay(clock, pollMs);
    }
  }

  return {
    identify: (chassis) =>
      withClient(chassis, async (client) => {
        await client.deviceId();
        try {
          return { systemUuids: uuidReadings(await client.systemGuid()) };
        } catch (error) {
          if (error instanceof IpmiError && error.code === 'command-failed') return { systemUuids: [] };
          throw error;
        }
      }),
    isOn: (chassis) => withClient(chassis, isOn),
    power: (chassis, action) => withClient(chassis, (client) => setPower(client, action)),
    bootFromNetwork: (chassis, efi, flagSet) =>
      withClient(chassis, async (client) => {
        const setFlag = async (): Promise<void> => {
          const kept = await client.setBootDevice({ device: 'pxe', efi, persistent: false });
          flag = { kept: kept.device === 'pxe', marked: kept.valid, efiKept: kept.efi };
        };
        let flag = { kept: false, marked: false, efiKept: false };
        // Before anything is powered off: a BMC that refuses the flag must not cost a running machine its power.
        await setFlag();
        const wasOn = await isOn(client);
        if (wasOn) {
          // A warm reset keeps DMA engines and some option ROMs in the state that the old system left them in: power really goes off.
          await client.chassisControl('power-down');
          if (!(await waitFor(client, false, 60_000))) {
            await client.chassisControl('power-down');
            if (!(await waitFor(client, false, 30_000))) {
              throw new IpmiError(
                'command-failed',
                'the BMC took the power-off command but the machine stays on',
              );
            }
          }
          // Chassis power must stay off for a moment before the next power-up. IPMI 2.0 §28.3 (power cycle interval, 1 s at least)
          await delay(clock, 1000);
          // Flags may be dropped 60 s after they were set, or with the power. IPMI 2.0 §28.13, parameter 3
          await setFlag();
        }
        flagSet(flag);
        await client.chassisControl('power-up');
        if (!(await waitFor(client, true, 60_000))) {
          throw new IpmiError(
            'command-failed',
            'the BMC took the power-on command but the machine stays off',
          );
        }
        return wasOn ? 'powered off and on again' : 'powered on';
      }),
    ensureOff: (chassis, patienceMs) =>
      withClient(chassis, async (client) => {
        if (await waitFor(client, false, patienceMs)) return 'the machine powered itself off';
        await client.chassisControl('power-down');
        return (await waitFor(client, false, 60_000))
          ? 'powered off through the BMC'
          : 'told to power off, but its BMC still says on';
      }),
  };
}

/** The text of a BMC's fault for a technician. */
export function bmcFault(chassis: Pick<Chassis, 'ipmiAddress' | 'ipmiPort'>, error: unknown): string {
  return `BMC ${chassis.ipmiAddress}:${chassis.ipmiPort}: ${messageOf(error)}`;
}
