import { checksFor } from '../base/checks.ts';
import { KvmError } from './errors.ts';

export { hasControls } from '../base/checks.ts';

/** What people give, checked; throws KvmError. */
export const { badArgument, checkName, checkResourceUuid, notFound, takenUuid } = checksFor(
  (code, text, data) => new KvmError(code, text, data === undefined ? {} : { data }),
);
