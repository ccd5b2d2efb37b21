import { CodedError } from '../base/errors.ts';

/** What the PCI and IOMMU side refuses or fails with; the API maps each to a ZStack error code. */
export type IommuErrorCode =
  | 'invalid-argument'
  | 'not-found'
  | 'conflict'
  /** The state does not allow it; the text says what the host would lose or what to do first. */
  | 'refused'
  /** The IOMMU of the host is not enabled and active. */
  | 'iommu-inactive'
  | 'host-disconnected'
  /** A command on the host failed; what was begun was undone as far as `data.left` says. */
  | 'command-failed';

/** A refusal or failure with a text that says what to do. */
export class IommuError extends CodedError<IommuErrorCode> {}
