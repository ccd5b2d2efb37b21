import type { Uuid } from '../../base/uuid.ts';
import type { InstallImage } from './model.ts';

/** Storage of images. Every write resolves only when durable; `saveImage` inserts or replaces by uuid and may be repeated. */
export interface ImageStore {
  saveImage(image: InstallImage): Promise<void>;
  deleteImage(uuid: Uuid): Promise<void>;
  getImage(uuid: Uuid): Promise<InstallImage | undefined>;
  listImages(): Promise<readonly InstallImage[]>;
}

/** Bytes read piece by piece; whoever opened them closes them, and closing twice is harmless. */
export interface OpenedBytes {
  readonly size: number;
  /** Last change, ms since the epoch. */
  readonly modifiedMs: number;
  /** Fills `into` from `position` on; answers how many bytes came. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** False when the content is another one than at the opening. */
  unchanged(): Promise<boolean>;
  close(): Promise<void>;
}

/** A file inside an ISO image; nothing has to be closed. */
export interface IsoMember {
  readonly size: number;
  read(into: Uint8Array, offset: number): Promise<number>;
}

/** How files are opened; rejections of `openIso` and of its `open` carry the codes of the ISO reader, `not-found` among them. */
export interface ImageFiles {
  openFile(path: string): Promise<OpenedBytes>;
  openIso(bytes: Pick<OpenedBytes, 'size' | 'read'>): Promise<{ open(path: string): Promise<IsoMember> }>;
}
