import type { Duplex } from 'node:stream';
import type { Uuid } from '../base/uuid.ts';
import type { SolLink } from '../ipmi/index.ts';
import type { MachineView, TimelineLine } from './protocol.ts';

/** Whose console: a chassis (bare metal) or a VM of a KVM host. */
export interface ConsoleSubject {
  readonly kind: 'chassis' | 'vm';
  readonly uuid: Uuid;
  readonly name: string;
}

/** What a serial line tells, in order. */
export type SerialNews =
  | { readonly kind: 'output'; readonly data: Uint8Array }
  /** Characters may be missing before the next output. */
  | { readonly kind: 'gap'; readonly reason: string }
  /** The way to the machine is lost and being looked for again; the other is it back. */
  | { readonly kind: 'detached'; readonly text: string }
  | { readonly kind: 'attached' }
  /** Whether typed characters reach the machine. */
  | { readonly kind: 'availability'; readonly available: boolean }
  | { readonly kind: 'break' }
  /** Nothing comes any more; called once, last. Without text it was closed by us. */
  | { readonly kind: 'ended'; readonly text: string | undefined };

/** An open serial line of a machine; there is one of it, and we are its only reader. */
export interface SerialLine {
  /** Resolves when the other side took all; rejects with ConsoleError `failed`. */
  write(data: Uint8Array): Promise<void>;
  /** Undefined where the line knows no break. */
  readonly sendBreak: (() => Promise<void>) | undefined;
  /** May be called twice. */
  close(): Promise<void>;
}

/** An open screen: a byte stream that speaks RFB (RFC 6143), not yet greeted. */
export interface ScreenStream {
  readonly stream: Duplex;
  /** For VNC authentication; undefined when the server wants none. */
  readonly password: string | undefined;
}

/** What the room asks of those who know machines. Everything rejects with ConsoleError unless told otherwise. */
export interface Machines {
  /** Undefined when there is no such machine. Never rejects for that. */
  subject(kind: ConsoleSubject['kind'], uuid: string): Promise<ConsoleSubject | undefined>;
  /** What a viewer is shown beside the console. */
  view(subject: ConsoleSubject): Promise<MachineView>;
  /** Timeline of a run, oldest first; [] for one that is not there. */
  timeline(runUuid: string): Promise<readonly TimelineLine[]>;
  /** A picture that a timeline names, as PNG; undefined when this machine has none of that name. Without it no machine has any. */
  picture?(subject: ConsoleSubject, name: string): Promise<Uint8Array | undefined>;
  /** Whether there is a serial line at all, now (`no` with a text that says why not). Cheap: it asks no machine. */
  hasSerial(
    subject: ConsoleSubject,
  ): Promise<{ readonly yes: true } | { readonly yes: false; readonly text: string }>;
  /** Opens it. `in-use` when somebody outside has it; with `takeOver` that one loses it. */
  openSerial(
    subject: ConsoleSubject,
    options: { readonly takeOver: boolean },
    receive: (news: SerialNews) => void,
  ): Promise<SerialLine>;
  /** Whether there is a screen now (an installer with VNC, a VM with graphics). Cheap. */
  hasScreen(subject: ConsoleSubject): Promise<boolean>;
  openScreen(subject: ConsoleSubject): Promise<ScreenStream>;
  /** Does it for an account; the caller audits. */
  power(subject: ConsoleSubject, action: 'on' | 'off' | 'reset'): Promise<void>;
  /** Calls `changed` after anything that `view`, `timeline`, `hasScreen` tell may have changed; the answer stops it. */
  watch(
    changed: (subject: { readonly kind: ConsoleSubject['kind']; readonly uuid: Uuid }) => void,
  ): () => void;
}

/** Chassis as the provisioning domain gives them; rejects with its own errors, which become ConsoleError here. */
export interface ChassisSide {
  name(uuid: string): Promise<string | undefined>;
  view(uuid: string): Promise<Omit<MachineView, 'kind' | 'uuid'>>;
  timeline(runUuid: string): Promise<readonly TimelineLine[]>;
  /** A picture that a timeline names. */
  screenshotFile?(uuid: string, name: string): Promise<Uint8Array | undefined>;
  /** False for a chassis whose BMC is spoken to by IPMI 1.5, with a text that says so. */
  solState(uuid: string): Promise<{ readonly yes: true } | { readonly yes: false; readonly text: string }>;
  /** The BMC's shared session, for serial over LAN; called again after each loss. */
  connectSol(uuid: string): Promise<SolLink>;
  /** Where the installer of an open run shows its screen; undefined while none does. */
  screen(
    uuid: string,
  ): Promise<
    { readonly address: string; readonly port: number; readonly password: string | undefined } | undefined
  >;
  power(uuid: string, action: 'on' | 'off' | 'reset'): Promise<void>;
  watch(changed: (uuid: Uuid) => void): () => void;
}

/** VMs as the KVM room gives them; rejects with its own errors, which become ConsoleError here. */
export interface VmSide {
  name(uuid: string): Promise<string | undefined>;
  view(uuid: string): Promise<Omit<MachineView, 'kind' | 'uuid'>>;
  serialState(uuid: string): Promise<{ readonly yes: true } | { readonly yes: false; readonly text: string }>;
  /** Bytes of its first serial port, through the host's connection. `conflict` when somebody else has it, who loses it by `takeOver`. */
  openSerial(uuid: string, options?: { readonly takeOver?: boolean }): Promise<Duplex>;
  hasScreen(uuid: string): Promise<boolean>;
  openScreen(uuid: string): Promise<ScreenStream>;
  power(uuid: string, action: 'on' | 'off' | 'reset'): Promise<void>;
  watch(changed: (uuid: Uuid) => void): () => void;
}
