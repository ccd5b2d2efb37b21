import type { Ipv4 } from '../../base/ipv4.ts';
import type { Mac } from '../../base/mac.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { Firmware } from '../../pxe/ports.ts';
import type { ConsoleSignName } from './console-signs.ts';

/** Everything that can move a run on; times come in beside the event. */
export type RunEvent =
  /** What the BMC kept of the boot device that was set. */
  | {
      readonly type: 'boot-flag';
      readonly kept: boolean;
      /** The BMC marks its boot flags as valid; some never do and use them all the same. */
      readonly marked: boolean;
      readonly efiWanted: boolean;
      readonly efiKept: boolean;
    }
  | { readonly type: 'powered'; readonly how: string }
  | { readonly type: 'bmc-failed'; readonly reason: string }
  | {
      readonly type: 'dhcp';
      readonly message: 'discover' | 'offer' | 'request' | 'ack' | 'nak' | 'decline' | 'release' | 'inform';
      readonly serverUuid: Uuid;
      readonly mac: Mac;
      readonly ip: Ipv4 | undefined;
      readonly firmware: Firmware | undefined;
      readonly ipxe: boolean;
      readonly bootFile: string | undefined;
      readonly bytes: number;
    }
  | { readonly type: 'other-server'; readonly address: Ipv4 }
  | { readonly type: 'pool-full' }
  /** The machine asked a PXE server of another cluster, which gave it nothing. */
  | { readonly type: 'barred-server'; readonly cluster: string }
  | {
      readonly type: 'download';
      readonly what: 'loader' | 'kernel' | 'initrd';
      readonly phase: 'start' | 'progress' | 'done' | 'failed';
      readonly file: string;
      readonly bytes: number;
      readonly total: number;
      readonly reason: string | undefined;
    }
  | { readonly type: 'script-read' }
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'kickstart-read'; readonly bytes: number }
  | { readonly type: 'kickstart-delivered' }
  | { readonly type: 'kickstart-broken' }
  | { readonly type: 'kickstart-refused'; readonly reader: Ipv4; readonly reason: string }
  /** The inspector's or installer's first sign of life. */
  | { readonly type: 'begin' }
  | { readonly type: 'note'; readonly text: string }
  /** The power changed and nobody here did it. Its absence means nothing. */
  | { readonly type: 'power-changed'; readonly text: string }
  /** What the consoles of a machine showed that had been quiet. Its absence means that nobody could look. */
  | {
      readonly type: 'looked';
      /** Its newest lines, without secrets; empty when nothing was printed, undefined when nobody listens or nothing is new. */
      readonly console: readonly string[] | undefined;
      readonly sign: ConsoleSignName | undefined;
      /** Where a picture of the screen is kept. */
      readonly screen: string | undefined;
    }
  | { readonly type: 'inspected'; readonly summary: string; readonly bytes: number }
  | { readonly type: 'installed' }
  | { readonly type: 'reported-failure'; readonly reason: string }
  | { readonly type: 'powered-off'; readonly how: string }
  | { readonly type: 'deadline' }
  | { readonly type: 'cancelled'; readonly reason: string }
  | { readonly type: 'restarted' };
