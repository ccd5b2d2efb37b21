import type { Duplex } from 'node:stream';
import { createExactReader } from '../../../src/console/rfb/exact-reader.ts';

/** A viewer of a test: it has done its greeting and has what the server told of its screen. */
export interface TestViewer {
  readonly width: number;
  readonly height: number;
  readonly name: string;
  send(bytes: Uint8Array): void;
  readonly take: (length: number) => Promise<Buffer>;
  /** Resolves when the server closed the connection; the error's text if there was one. */
  readonly closed: Promise<string | undefined>;
  close(): void;
}

/** Greets as a viewer of 3.3, 3.7 or 3.8 that knows no authentication, and wants the screen for itself. RFC 6143 §7.1 to §7.3 */
export async function greetAsViewer(stream: Duplex, version: 3 | 7 | 8 = 8): Promise<TestViewer> {
  const reader = createExactReader(stream);
  let error: string | undefined;
  stream.on('error', (fault: Error) => {
    error = fault.message;
  });
  const closed = new Promise<string | undefined>((resolve) => {
    stream.once('close', () => resolve(error));
  });
  const take = async (length: number): Promise<Buffer> => Buffer.from(await reader.take(length));
  const expectBytes = async (hex: string): Promise<void> => {
    const got = (await take(hex.length / 2)).toString('hex');
    if (got !== hex) throw new Error(`the server said ${got} and not ${hex}`);
  };
  await expectBytes(Buffer.from('RFB 003.008\n').toString('hex'));
  stream.write(`RFB 003.00${version}\n`);
  if (version === 3) {
    await expectBytes('00000001');
  } else {
    await expectBytes('0101');
    stream.write(Uint8Array.of(1));
    if (version === 8) await expectBytes('00000000');
  }
  stream.write(Uint8Array.of(0));
  const head = await take(24);
  const name = await take(head.readUInt32BE(20));
  return {
    width: head.readUInt16BE(0),
    height: head.readUInt16BE(2),
    name: name.toString(),
    send: (bytes) => void stream.write(bytes),
    take,
    closed,
    close: () => void stream.destroy(),
  };
}

/** KeyEvent messages that press and release a key. RFC 6143 §7.5.4 */
export function keyPress(keysym: number): Buffer {
  const event = (down: number): Buffer => {
    const bytes = Buffer.from([4, down, 0, 0, 0, 0, 0, 0]);
    bytes.writeUInt32BE(keysym, 4);
    return bytes;
  };
  return Buffer.concat([event(1), event(0)]);
}

/** FramebufferUpdateRequest for the whole screen. RFC 6143 §7.5.3 */
export function updateRequest(width: number, height: number, incremental: boolean): Buffer {
  const bytes = Buffer.from([3, incremental ? 1 : 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeUInt16BE(width, 6);
  bytes.writeUInt16BE(height, 8);
  return bytes;
}
