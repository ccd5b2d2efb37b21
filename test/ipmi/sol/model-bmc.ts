import {
  decodeSolFromConsole,
  encodeSolFromBmc,
  quietBmc,
  type SolFromBmc,
} from '../../../src/ipmi/sol/wire/sol-payload.ts';

/** A BMC's half of SOL for tests, written apart from src/ipmi/sol: strict about numbers, moody about what it accepts. */
export interface ModelBmc {
  /** Gets a payload of the console. */
  receive(payload: Uint8Array): void;
  /** Puts characters on the serial port. */
  print(data: Uint8Array): void;
  /** Sends what is due; call it now and then. */
  tick(now: number): void;
  /** Characters that reached the machine. */
  readonly typed: number[];
  breaks: number;
  /** Everything printed was acknowledged. */
  idle(): boolean;
}

export interface ModelBmcOptions {
  readonly send: (payload: Uint8Array) => void;
  readonly dice: () => number;
  readonly retryMs: number;
  /** A repetition takes characters along that were printed meanwhile, as ipmi_sim does. */
  readonly grows: boolean;
  readonly firstSequence: number;
}

export function modelBmc({ send, dice, retryMs, grows, firstSequence }: ModelBmcOptions): ModelBmc {
  const typed: number[] = [];
  let printed: number[] = [];
  let sequence = firstSequence;
  let inFlight: { length: number; againAt: number } | undefined;
  let received = { sequence: 0, accepted: 0 };
  let expected = 1;
  const tell = (packet: Partial<SolFromBmc>): void => send(encodeSolFromBmc({ ...quietBmc, ...packet }));

  const bmc: ModelBmc = {
    typed,
    breaks: 0,
    idle: () => printed.length === 0 && inFlight === undefined,
    print(data) {
      printed.push(...data);
    },
    tick(now) {
      if (inFlight && now < inFlight.againAt) return;
      if (!inFlight && printed.length === 0) return;
      const chunk = 1 + Math.floor(dice() * 200);
      if (!inFlight) sequence = (sequence % 15) + 1;
      const length = inFlight && !grows ? inFlight.length : Math.max(chunk, inFlight?.length ?? 0);
      const data = Uint8Array.from(printed.slice(0, length));
      inFlight = { length: data.length, againAt: now + retryMs };
      tell({ sequence, data });
    },
    receive(payload) {
      const packet = decodeSolFromConsole(payload);
      if (inFlight && packet.ackSequence === sequence) {
        printed = printed.slice(packet.accepted);
        inFlight = undefined;
      }
      if (packet.sequence === 0) return;
      if (packet.sequence === received.sequence) {
        return tell({ ackSequence: received.sequence, accepted: received.accepted });
      }
      if (packet.sequence !== expected) return;
      const mood = dice();
      if (mood < 0.1)
        return tell({ ackSequence: packet.sequence, nack: true, transferUnavailable: mood < 0.05 });
      const all = packet.data.length;
      const accepted = mood < 0.2 ? 0 : mood < 0.4 ? Math.floor(dice() * all) : all;
      typed.push(...packet.data.subarray(0, accepted));
      if (packet.generateBreak) bmc.breaks++;
      received = { sequence: packet.sequence, accepted };
      expected = (expected % 15) + 1;
      tell({ ackSequence: packet.sequence, accepted, nack: accepted < all && dice() < 0.5 });
    },
  };
  return bmc;
}
