import { systemClock, type Clock } from '../../src/base/clock.ts';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { openUdp } from '../../src/net/dgram.ts';
import type { OpenUdp, UdpSocket } from '../../src/net/udp.ts';
import { type BmcConfig, defaultConfig } from './config.ts';
import type { Faults } from './faults.ts';
import { identityOf } from './identity.ts';
import { type BmcState, initialBmc } from './state.ts';
import { type BmcEvent, stepBmc } from './step.ts';

/** What a simulator takes from outside; the machine's own by default. */
export interface SimDeps {
  readonly openUdp: OpenUdp;
  readonly clock: Clock;
}

export interface BmcSimOptions extends Partial<BmcConfig> {
  /** Loopback address and UDP port; port 0 lets the kernel choose. */
  readonly bind: { readonly address: string; readonly port: number };
  readonly powerOn?: boolean;
  readonly faults?: Partial<Faults>;
  /** Starts the random generator; with the same seed and the same packets everything repeats. Default: made of the address. */
  readonly seed?: number;
  /** 16 bytes as Get System GUID sends them; made of the address by default. */
  readonly guid?: Uint8Array;
}

/** A simulated BMC at its address. */
export interface BmcSim {
  readonly address: string;
  readonly port: number;
  /** The state as of now: what is due by now has happened. */
  state(): BmcState;
  /** Other faults from now on; what is not named stays. */
  setFaults(faults: Partial<Faults>): void;
  pressPowerButton(): void;
  loseMains(): void;
  restartBmc(): void;
  /** Puts text on the machine's serial port; it is lost unless a console is attached. */
  writeSerial(text: string): void;
  /** May be called twice. */
  close(): Promise<void>;
}

const systemDeps: SimDeps = { openUdp, clock: systemClock };

type Happening = BmcEvent extends infer Event ? (Event extends BmcEvent ? Omit<Event, 'now'> : never) : never;

/** Starts a BMC at one address. Rejects with NetError when the address or port can't be had. */
export async function createBmcSim(
  { bind, powerOn = false, faults, seed, guid, ...config }: BmcSimOptions,
  deps: SimDeps = systemDeps,
  shared: BmcConfig = Object.keys(config).length === 0 ? defaultConfig : { ...defaultConfig, ...config },
): Promise<BmcSim> {
  const address = parseIpv4(bind.address);
  if (address === undefined) throw new Error(`"${bind.address}" is no IPv4 address to bind to`);
  const { clock } = deps;
  let cancelWake: (() => void) | undefined;
  let closed = false;

  const happen = (event: Happening): void => {
    if (closed) return;
    const [next, effects] = stepBmc(state, { ...event, now: clock.now() });
    state = next;
    for (const effect of effects) {
      if (effect.kind === 'wake') {
        cancelWake?.();
        cancelWake = clock.after(Math.max(0, effect.at - clock.now()), () => happen({ kind: 'wake' }));
      } else if (effect.afterMs > 0) {
        clock.after(effect.afterMs, () => send(effect.datagram, effect.to));
      } else send(effect.datagram, effect.to);
    }
  };
  const send = (datagram: Uint8Array, to: { address: string; port: number }): void => {
    // A datagram that can't be sent is a lost one: the other side is a program on this machine that has gone.
    if (!closed) void socket.send(datagram, to).catch(() => undefined);
  };

  const socket: UdpSocket = await deps.openUdp({ address, port: bind.port }, (datagram, from) =>
    happen({ kind: 'datagram', datagram, from }),
  );
  const { port } = socket.local;
  const identity = { ...identityOf(address), port };
  let state = initialBmc(
    shared,
    { ...identity, seed: seed ?? identity.seed, guid: guid ?? identity.guid },
    powerOn,
  );
  if (faults) happen({ kind: 'faults', faults });

  return {
    address,
    port,
    state() {
      happen({ kind: 'faults', faults: {} });
      return state;
    },
    setFaults: (faults) => happen({ kind: 'faults', faults }),
    pressPowerButton: () => happen({ kind: 'power-button' }),
    loseMains: () => happen({ kind: 'mains-lost-and-back' }),
    restartBmc: () => happen({ kind: 'bmc-restart' }),
    writeSerial: (text) => happen({ kind: 'serial-output', data: new TextEncoder().encode(text) }),
    close() {
      closed = true;
      cancelWake?.();
      return socket.close();
    },
  };
}
