/** Bytes that are read piece by piece: a file, or a file inside an image. Whoever opened it closes it; closing twice is harmless. */
export interface ByteSource {
  readonly size: number;
  /** Last change, ms since the epoch. */
  readonly modifiedMs: number;
  /** Fills `into` from `position` on; answers how many bytes came, fewer only where the content ends or was cut meanwhile. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** False when the content is another one than at the opening: what was read since may be a mixture. */
  unchanged(): Promise<boolean>;
  close(): Promise<void>;
}

/** What can be served besides files and texts; the ports of the room name them. */
export type SourceResource =
  | { readonly kind: 'bytes'; readonly bytes: ByteSource; readonly contentType: string }
  /** Sends the client to a mirror. */
  | { readonly kind: 'redirect'; readonly url: string };
