import type { Uuid } from '../../base/uuid.ts';

/** `iso`: a file, served as the tree inside it; one at an http(s) URL is downloaded. `directory`: a tree on disk. `redirect`: a mirror that machines are sent to. */
export const imageKinds = ['iso', 'directory', 'redirect'] as const;
export type ImageKind = (typeof imageKinds)[number];

/** What machines are installed from: a source with its kernel and initrd. */
export interface InstallImage {
  readonly uuid: Uuid;
  readonly name: string;
  readonly description: string | undefined;
  readonly kind: ImageKind;
  /** `file:///...` of an ISO or a directory, `http(s)://...` of an ISO to download or of a mirror; without its query. */
  readonly url: string;
  /** Query of the URL of an ISO that is still to be downloaded, without its question mark: it may be a signature, so it is shown nowhere. */
  readonly secretQuery: string | undefined;
  /** SHA-256 of the ISO, 64 lower-case hex digits; found by the import. */
  readonly checksum: string | undefined;
  /** Bytes of the ISO. */
  readonly size: number | undefined;
  readonly status: 'Importing' | 'Ready' | 'Failed';
  /** Why it failed; of a download that goes on, how far it is. */
  readonly statusCause: string | undefined;
  /** Paths inside the source. */
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  /** Further kernel arguments. */
  readonly kernelArguments: readonly string[];
  readonly createDate: number;
  readonly lastOpDate: number;
}
