import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { BootResource } from '../../pxe/ports.ts';
import type { BootImages } from '../boot-content.ts';
import type { Run } from '../model.ts';
import { ProvisionError } from '../service.ts';
import type { InstallImages } from './service.ts';

/** Where one run boots and installs from. */
export interface RunSource {
  readonly kernelArguments: readonly string[];
  kernel(): Promise<BootResource>;
  initrd(): Promise<BootResource>;
  /** A file of the install source. */
  file(path: string): Promise<BootResource>;
  /** URL that the kickstart names, on the PXE server with this base. */
  installUrl(base: string): string | undefined;
}

/** A source, or why there is none. */
export type FoundSource = RunSource | { readonly refusal: string };

/** Finds the sources of runs: the inspector, the image that was chosen, else the installer of the configuration. */
export function createRunSources(deps: {
  readonly images: BootImages;
  readonly installImages: Pick<InstallImages, 'ready' | 'content'>;
  readonly imageOfRun: (run: Run) => Promise<string | undefined>;
  readonly log: Logger;
}): (run: Run) => Promise<FoundSource> {
  const missing: BootResource = {
    kind: 'refused',
    status: 404,
    reason: 'the install source has no such file',
  };

  function fixed(image: BootImages['inspector'], url: string | undefined): RunSource {
    const file = async (path: string): Promise<BootResource> => ({
      kind: 'file',
      path,
      contentType: 'application/octet-stream',
    });
    return {
      kernelArguments: image.kernelArguments,
      kernel: () => file(image.kernel),
      initrd: () => file(image.initrd),
      file: async () => missing,
      installUrl: () => url,
    };
  }

  async function ofImage(run: Run, uuid: string): Promise<FoundSource> {
    let image: Awaited<ReturnType<InstallImages['ready']>>;
    try {
      image = await deps.installImages.ready(uuid);
    } catch (error) {
      if (error instanceof ProvisionError) return { refusal: error.message };
      throw error;
    }
    const file = async (path: string): Promise<BootResource> => {
      try {
        return (await deps.installImages.content(image, path)) ?? missing;
      } catch (error) {
        deps.log.error({ image: uuid, path, reason: messageOf(error) }, 'an install source cannot be read');
        const reason = `the image "${image.name}" cannot be read on the server; its log has the reason`;
        return { kind: 'refused', status: 410, reason };
      }
    };
    return {
      kernelArguments: image.kernelArguments,
      kernel: () => file(image.kernel),
      initrd: () => file(image.initrd),
      file,
      installUrl: (base) => `${base.replace(/\/+$/, '')}/boot/${run.bootToken}/source`,
    };
  }

  return async (run) => {
    if (run.kind === 'inspect') return fixed(deps.images.inspector, undefined);
    const chosen = await deps.imageOfRun(run);
    if (chosen !== undefined) return ofImage(run, chosen);
    const { installer } = deps.images;
    return installer ? fixed(installer, installer.url) : { refusal: 'no installer is configured' };
  };
}
