import { messageOf } from '../../base/errors.ts';
import type { FileTable } from './byte-source.ts';
import { type Exchange, factsOf, refuse } from './exchange.ts';
import type { ByteSource } from './resource.ts';
import { sendBytes } from './send-bytes.ts';
import type { Downloads } from './stream-bytes.ts';

/** Streams a file as `sendBytes` does; one that cannot be opened is refused with 503, its path only in the log. */
export async function sendFile(
  x: Exchange,
  file: { readonly path: string; readonly contentType: string },
  files: FileTable,
  downloads: Downloads,
): Promise<void> {
  let source: ByteSource;
  try {
    source = await files.open(file.path);
  } catch (error) {
    x.log.error({ ...factsOf(x), path: file.path, error: messageOf(error) }, 'a boot file cannot be read');
    return refuse(
      x,
      503,
      `the file for ${x.artefact} cannot be read on the server${hint(error)}; its log has the reason`,
    );
  }
  try {
    await sendBytes(x, source, file.contentType, downloads);
  } finally {
    await source.close();
  }
}

function hint(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'EMFILE' || code === 'ENFILE'
    ? ', which has too many files open (raise its LimitNOFILE)'
    : '';
}
