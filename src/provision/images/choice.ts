import type { Uuid } from '../../base/uuid.ts';
import type { HostCfg, Run } from '../model.ts';

/** Which image a run installs from; once asked it stays for the run, whatever becomes of tags. */
export interface ImageChoice {
  /** Uuid of the image; undefined when the configuration's own installer is meant. */
  imageOf(run: Run): Promise<string | undefined>;
  /** True when an open run was found to use the image. */
  isUsed(imageUuid: string): Promise<boolean>;
  forget(runUuid: Uuid): void;
}

/** Builds the choice; `imageOf` says what a hostcfg wishes. */
export function createImageChoice(deps: {
  readonly store: { getHostCfgOfChassis(chassisUuid: Uuid): Promise<HostCfg | undefined> };
  readonly book: () => { all(): readonly Run[] };
  readonly imageOf: (hostCfgUuid: Uuid) => Promise<string | undefined>;
}): ImageChoice {
  const chosen = new Map<Uuid, string>();

  async function imageOf(run: Run): Promise<string | undefined> {
    const known = chosen.get(run.uuid);
    if (known !== undefined || run.kind !== 'install') return known;
    const cfg = await deps.store.getHostCfgOfChassis(run.chassisUuid);
    const wish = cfg && (await deps.imageOf(cfg.uuid));
    if (
      wish !== undefined &&
      deps
        .book()
        .all()
        .some(({ uuid }) => uuid === run.uuid)
    )
      chosen.set(run.uuid, wish);
    return wish;
  }

  return {
    imageOf,
    async isUsed(imageUuid) {
      for (const run of deps.book().all()) if ((await imageOf(run)) === imageUuid) return true;
      return false;
    },
    forget: (runUuid) => void chosen.delete(runUuid),
  };
}
