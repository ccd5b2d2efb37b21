import { completionFailure } from '../../../src/ipmi/status-text.ts';
import { activatePayload, deactivatePayload } from '../../../src/ipmi/commands/app/activate-payload.ts';
import { getPayloadActivationStatus } from '../../../src/ipmi/commands/app/get-payload-activation-status.ts';
import { getSolConfiguration } from '../../../src/ipmi/commands/transport/configuration.ts';
import type { Execute } from '../../../src/ipmi/execute.ts';
import type { SolLink } from '../../../src/ipmi/sol/types.ts';
import {
  decodeSolFromConsole,
  encodeSolFromBmc,
  quietBmc,
  type SolFromBmc,
} from '../../../src/ipmi/sol/wire/sol-payload.ts';
import { IpmiError } from '../../../src/ipmi/types.ts';

/** What a fake BMC does with a command: its completion code, or silence. */
export type Answer = number | 'silent';

/** A session with a BMC that has a console and no network. */
export interface FakeLink {
  readonly link: SolLink;
  /** Short names of the commands that came. */
  readonly commands: string[];
  readonly typed: string[];
  closed: boolean;
  send(packet: Partial<SolFromBmc>): void;
  loseSession(): void;
}

export interface FakeLinkOptions {
  /** Completion codes of Activate Payload, one for each time; 0 at the end. */
  readonly activate?: readonly Answer[];
  /** Before the answer to the activation. */
  readonly early?: readonly Partial<SolFromBmc>[];
  readonly isActive?: () => boolean | 'unknown';
  /** Acknowledges what is typed. Default true. */
  readonly acks?: boolean;
  readonly inboundBytes?: number;
  readonly retry?: readonly number[];
}

export function fakeLink(options: FakeLinkOptions = {}): FakeLink {
  const { activate = [], early = [], isActive = () => true, acks = true, inboundBytes = 64 } = options;
  const answers = [...activate];
  const handlers = new Set<(payload: Uint8Array) => void>();
  const ends = new Set<(error: IpmiError) => void>();

  function reply(name: string): object | undefined {
    if (fake.closed) throw new IpmiError('closed', 'the session is closed');
    switch (name) {
      case activatePayload.name: {
        const code = answers.shift() ?? 0;
        if (code === 'silent') throw new IpmiError('no-answer', 'silent');
        if (code !== 0) throw completionFailure(name, code);
        for (const packet of early) fake.send(packet);
        return { auxiliary: new Uint8Array(4), inboundBytes, outboundBytes: 64, port: 623, vlan: 0xffff };
      }
      case deactivatePayload.name:
        return undefined;
      case getPayloadActivationStatus.name: {
        const active = isActive();
        if (active === 'unknown') throw completionFailure(name, 0xc1);
        return { capacity: 1, active: active ? 1 : 0 };
      }
      case getSolConfiguration.name:
        if (options.retry === undefined) throw completionFailure(name, 0x80);
        return { revision: 0x11, value: Uint8Array.from(options.retry) };
      default:
        throw new Error(`unexpected ${name}`);
    }
  }

  const run = (async (command: { readonly name: string }) => {
    fake.commands.push(command.name.split(' ')[0] ?? '');
    await Promise.resolve();
    return reply(command.name);
  }) as Execute;

  const fake: FakeLink = {
    commands: [],
    typed: [],
    closed: false,
    send(packet) {
      const payload = encodeSolFromBmc({ ...quietBmc, ...packet });
      for (const handler of handlers) handler(payload);
    },
    loseSession() {
      for (const end of ends) end(new IpmiError('no-answer', 'lost in a test'));
    },
    link: {
      run,
      solPort: () => ({
        send(payload) {
          const { sequence, data } = decodeSolFromConsole(payload);
          if (sequence === 0) return;
          fake.typed.push(`${sequence}:${new TextDecoder().decode(data)}`);
          if (acks) queueMicrotask(() => fake.send({ ackSequence: sequence, accepted: data.length }));
        },
        onPayload(handler) {
          handlers.add(handler);
          return () => void handlers.delete(handler);
        },
      }),
      onEnd(handler) {
        ends.add(handler);
        return () => void ends.delete(handler);
      },
      async close() {
        fake.closed = true;
      },
    },
  };
  return fake;
}
