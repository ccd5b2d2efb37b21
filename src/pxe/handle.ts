import type { Ipv4 } from '../base/ipv4.ts';

/** A running server. `close` ends what is under way, resolves when nothing is left open, and may be called twice. */
export interface ServerHandle {
  readonly address: Ipv4;
  /** The port that was really bound (the kernel's choice when 0 was asked). */
  readonly port: number;
  close(): Promise<void>;
}
