import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take long: begun last, one of them would run alone while the other processor rests. */
const slow = [
  /\/lab\/kvm-host\.test\.ts$/,
  /\/lab\/road\.test\.ts$/,
  /\/api\/fuzz\.test\.ts$/,
  /\/(?:dhcp-firmware|faults|libvirt|dhcp-proxy|tftp-loss|ssh-hostile|conformance)\.test\.ts$/,
];

/** Slow ones first. Those that share processes last and side by side, because only neighbours do. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number => {
      const place = slow.findIndex((name) => name.test(moduleId));
      if (place >= 0) return place;
      return slow.length + (project.config.isolate ? 0 : 1);
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

/**
 * Rooms whose files run one after the other in the same few processes: most of their time was the start of one for each. `hundred`
 * measures the memory of its process.
 */
const together = 'base,bmc-sim,console,hostcfg,iommu,ipmi,kvm,platform,provision,spec,store,web';
const rooms = [`test/{${together}}/**/!(hundred).test.ts`];
const lab = ['test/{lab,inspector,installer}/**/*.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // One more than a small machine has processors: a good part of the tests waits for what others send.
    maxWorkers: 3,
    sequence: { sequencer: SlowFirst },
    projects: [
      { extends: true, test: { name: 'rooms', include: rooms, isolate: false } },
      {
        extends: true,
        test: {
          name: 'worlds',
          include: ['test/**/*.test.ts'],
          exclude: [...rooms, ...lab, 'test/browser/**'],
        },
      },
      {
        // Emulates whole machines, after the others: it would starve them of processor time.
        extends: true,
        test: { name: 'lab', include: lab, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
