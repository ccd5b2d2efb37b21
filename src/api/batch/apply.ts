import type { ErrorBody } from '../zstack/errors.ts';
import { toZstackError } from '../zstack/errors.ts';
import type { TaskProgress } from '../zstack/progress.ts';
import type { BatchLine } from './line.ts';

/** What became of one line. */
interface BatchResult {
  readonly line: number;
  readonly name: string;
  readonly success: boolean;
  readonly uuid?: string;
  readonly error?: ErrorBody['error'];
}

interface BatchResults {
  readonly inventories: readonly BatchResult[];
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
}

/**
 * Creates what the lines say, `parallel` at a time; a line that fails fails alone, and no error of it quotes its passwords.
 * Results come in the order of the lines.
 */
export async function applyBatch(
  lines: readonly BatchLine[],
  create: (line: BatchLine) => Promise<string>,
  { parallel, progress }: { readonly parallel: number; readonly progress: TaskProgress },
): Promise<BatchResults> {
  const results: BatchResult[] = [];
  let succeeded = 0;
  let failed = 0;
  let told = -1;
  const tell = (): void => {
    const done = succeeded + failed;
    const percent = Math.floor((done * 100) / lines.length);
    // A line a percent: ten thousand of them would bury the stages of other calls.
    if (percent === told) return;
    told = percent;
    progress.report(`created ${succeeded} of ${lines.length} (${failed} failed)`, percent);
  };
  const one = async (line: BatchLine): Promise<BatchResult> => {
    const which = { line: line.line, name: line.name };
    try {
      const uuid = await create(line);
      succeeded += 1;
      return { ...which, success: true, uuid };
    } catch (error) {
      failed += 1;
      const secrets = [line.ipmiPassword, line.rootPassword ?? ''];
      return { ...which, success: false, error: toZstackError(error, secrets).body.error };
    }
  };
  const waiting = lines.entries();
  const work = async (): Promise<void> => {
    for (const [index, line] of waiting) {
      results[index] = await one(line);
      tell();
    }
  };
  tell();
  await Promise.all(Array.from({ length: Math.min(parallel, lines.length) }, work));
  return { inventories: results, total: lines.length, succeeded, failed };
}
