import { ByteReader } from '../../../base/bytes.ts';

/** Messages of viewers whose length is known. RFC 6143 §7.5, and the registered extensions in use. */
export type ClientMessageName =
  | 'SetPixelFormat'
  | 'SetEncodings'
  | 'FramebufferUpdateRequest'
  | 'KeyEvent'
  | 'PointerEvent'
  | 'ClientCutText'
  | 'EnableContinuousUpdates'
  | 'ClientFence'
  | 'Xvp'
  | 'SetDesktopSize'
  | 'QemuExtendedKeyEvent'
  | 'QemuAudio';

/** A message as its first bytes tell it, `length` in bytes and with them. */
export interface ClientMessageHead {
  readonly name: ClientMessageName;
  readonly length: number;
}

/** Of length once its first `head` bytes are there. */
interface Kind {
  readonly name: ClientMessageName;
  readonly head: number;
  readonly length: (head: ByteReader) => number;
}

const fixed = (name: ClientMessageName, length: number): Kind => ({ name, head: 1, length: () => length });

const kinds: ReadonlyMap<number, Kind> = new Map<number, Kind>([
  [0, fixed('SetPixelFormat', 20)],
  [
    2,
    {
      name: 'SetEncodings',
      head: 4,
      length: (head) => 4 + 4 * skipped(head, 2, 'setEncodings').u16be('setEncodings.count'),
    },
  ],
  [3, fixed('FramebufferUpdateRequest', 10)],
  [4, fixed('KeyEvent', 8)],
  [5, fixed('PointerEvent', 6)],
  [
    6,
    {
      name: 'ClientCutText',
      head: 8,
      // The extended clipboard has a negative length (extension 0xC0A1E5CE).
      length: (head) => 8 + Math.abs(skipped(head, 4, 'clientCutText').u32be('clientCutText.length') | 0),
    },
  ],
  [150, fixed('EnableContinuousUpdates', 10)],
  [
    248,
    {
      name: 'ClientFence',
      head: 9,
      length: (head) => 9 + skipped(head, 8, 'clientFence').u8('clientFence.length'),
    },
  ],
  [250, fixed('Xvp', 4)],
  [
    251,
    {
      name: 'SetDesktopSize',
      head: 8,
      length: (head) => 8 + 16 * skipped(head, 6, 'setDesktopSize').u8('setDesktopSize.screens'),
    },
  ],
]);

/** Type 255 has messages below it; 1 (audio) has operations, of which 2 carries a sample format. */
const qemuType = 255;
const qemuExtendedKey = fixed('QemuExtendedKeyEvent', 12);
const qemuAudio: Kind = {
  name: 'QemuAudio',
  head: 4,
  length: (head) => (skipped(head, 2, 'qemuAudio').u16be('qemuAudio.operation') === 2 ? 10 : 4),
};

function skipped(head: ByteReader, bytes: number, message: string): ByteReader {
  head.skip(bytes, message);
  return head;
}

function kindOf(head: Uint8Array): Kind | 'more' | undefined {
  const reader = new ByteReader(head);
  const type = reader.u8('client.type');
  if (type !== qemuType) return kinds.get(type);
  if (reader.remaining === 0) return 'more';
  const below = reader.u8('client.qemuType');
  return below === 0 ? qemuExtendedKey : below === 1 ? qemuAudio : undefined;
}

/**
 * What message begins with these bytes: `more` while they are too few to tell its length, `unknown` when the type is none of ours, and
 * nothing can be said about where it ends.
 */
export function readClientMessageHead(head: Uint8Array): ClientMessageHead | 'more' | 'unknown' {
  if (head.length === 0) return 'more';
  const kind = kindOf(head);
  if (kind === undefined) return 'unknown';
  if (kind === 'more' || head.length < kind.head) return 'more';
  return { name: kind.name, length: kind.length(new ByteReader(head)) };
}
