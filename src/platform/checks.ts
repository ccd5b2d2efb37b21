import { checksFor } from '../base/checks.ts';
import { PlatformError } from './errors.ts';

/** What people give, checked; throws PlatformError. */
export const { badArgument, checkName, checkResourceUuid, notFound, takenUuid } = checksFor(
  (code, text, data) => new PlatformError(code, text, data === undefined ? {} : { data }),
);
