import { type Exchange, refuse, tell } from './exchange.ts';

/** Answers with a loader from memory, for UEFI HTTP clients; 404 when the table has no such name. */
export async function sendLoader(x: Exchange, loader: Uint8Array | undefined): Promise<void> {
  if (loader === undefined) return refuse(x, 404, `no loader ${x.artefact} here`);
  const { req, res } = x;
  res.writeHead(200, {
    // UEFI 2.8 §24.7.1.2: firmware takes an image by this type, or by the end of its name.
    'content-type': x.artefact.endsWith('.efi') ? 'application/efi' : 'application/octet-stream',
    'content-length': loader.length,
  });
  if (req.method === 'HEAD') return void res.end();
  tell(x, 'start', 0, loader.length);
  const sent = await new Promise<boolean>((resolve) => {
    res.once('finish', () => resolve(true));
    res.once('close', () => resolve(false));
    res.end(loader);
  });
  tell(x, sent ? 'done' : 'failed', sent ? loader.length : 0, loader.length);
}
