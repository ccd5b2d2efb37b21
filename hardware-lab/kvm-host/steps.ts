import { messageOf } from '../../src/base/errors.ts';
import { seconds } from '../report.ts';

/** How one step of a proof ended. */
export interface StepResult {
  readonly step: string;
  readonly result: 'ok' | 'failed' | 'not-run';
  readonly seconds: number;
  readonly detail?: string;
}

/** One thing that a proof shows; rejects, with a text for people, when it is not so. The text that it answers says what was seen. */
export interface Step<World> {
  readonly name: string;
  run(world: World): Promise<string | undefined>;
}

/** Runs the steps one after the other and tells each end; after one that fails the others are not run. */
export async function playSteps<World>(
  steps: readonly Step<World>[],
  world: World,
  told: (result: StepResult) => void,
): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  let failed = false;
  const end = (result: StepResult): void => {
    results.push(result);
    told(result);
  };
  for (const step of steps) {
    const { name } = step;
    if (failed) {
      end({ step: name, result: 'not-run', seconds: 0 });
      continue;
    }
    const began = Date.now();
    try {
      const detail = await step.run(world);
      const took = seconds(Date.now() - began);
      end({ step: name, result: 'ok', seconds: took, ...(detail === undefined ? {} : { detail }) });
    } catch (error) {
      failed = true;
      end({ step: name, result: 'failed', seconds: seconds(Date.now() - began), detail: messageOf(error) });
    }
  }
  return results;
}

/** Throws an error that says what was expected and what was seen, unless they are the same. */
export function expectSame(what: string, seen: string, expected: string): void {
  if (seen !== expected) throw new Error(`${what}: expected ${expected}, saw ${seen}`);
}
