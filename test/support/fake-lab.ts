import {
  type BmcClient,
  type BmcTarget,
  connectBmc,
  type IpmiDeps,
  type IpmiTiming,
} from '../../src/ipmi/index.ts';
import { type FakeBmc, type FakeBmcOptions, fakeBmc } from './fake-bmc.ts';
import { seededRandom } from './faults.ts';
import { type VirtualPeer, type VirtualTime, virtualTime, virtualUdp } from './virtual-net.ts';

/** A fake BMC on a virtual wire in virtual time, and a client's way to it. */
export interface FakeLab {
  readonly bmc: FakeBmc;
  readonly time: VirtualTime;
  readonly deps: IpmiDeps;
  readonly target: BmcTarget;
  /** Every datagram that the client sent. */
  readonly sent: Uint8Array[];
  sockets(): number;
  connect(over?: Partial<BmcTarget>, timing?: Partial<IpmiTiming>): Promise<BmcClient>;
}

/** Builds the lab. `wire` decides on each datagram, `meddle` on what arrives from the BMC instead of an answer. */
export function fakeLab(
  options: Omit<FakeBmcOptions, 'random'> & {
    readonly seed?: number;
    readonly wire?: VirtualPeer['wire'];
    readonly meddle?: (answer: Uint8Array) => readonly Uint8Array[];
  } = {},
): FakeLab {
  const { seed = 1, wire = () => [1], meddle = (answer) => [answer], ...rest } = options;
  const dice = seededRandom(seed);
  const random = (length: number): Uint8Array => Uint8Array.from({ length }, () => Math.floor(dice() * 256));
  const bmc = fakeBmc({ ...rest, random });
  const time = virtualTime();
  const sent: Uint8Array[] = [];
  const at = { address: '192.0.2.7', port: 623 };
  const udp = virtualUdp(time, {
    at,
    wire,
    handle(datagram) {
      return bmc.handle(datagram).flatMap(meddle);
    },
  });
  const deps: IpmiDeps = {
    clock: time.clock,
    random,
    openUdp: async (bind, receive) => {
      const socket = await udp.open(bind, receive);
      return {
        ...socket,
        send(data, to) {
          sent.push(data.slice());
          return socket.send(data, to);
        },
      };
    },
  };
  const target = {
    ...at,
    username: rest.username ?? 'admin',
    password: rest.password ?? 'test-secret',
  };
  return {
    bmc,
    time,
    deps,
    target,
    sent,
    sockets: udp.sockets,
    connect: (over, timing) => time.settle(connectBmc({ ...target, ...over }, deps, timing)),
  };
}
