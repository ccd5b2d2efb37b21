/** Bounds of a download. Sizes in bytes, times in ms. */
export interface DownloadLimits {
  /** Largest file. */
  readonly maxBytes: number;
  /** Left free on the file system: the database lies beside the images. */
  readonly spareBytes: number;
  /** Longest time for the whole, interruptions of the network included; a restart of Rackwright begins it anew. */
  readonly totalMs: number;
  /** Longest silence of the server. */
  readonly silenceMs: number;
  /** In this time at least `leastBytes` must come, else the connection is given up and made anew. */
  readonly paceMs: number;
  readonly leastBytes: number;
  /** Wait before the first new try; doubled for each that brought nothing, up to sixteen times. */
  readonly retryMs: number;
  /** New tries in a row that bring less than `leastBytes`. */
  readonly retries: number;
  /** The same before the first byte came: a name that is mistyped, most likely. */
  readonly firstRetries: number;
  /** Beginnings from the first byte, as the file changed or the server gives no parts. */
  readonly restarts: number;
  /** Bytes after which what came is made durable. */
  readonly flushBytes: number;
}

export const downloadLimits: DownloadLimits = {
  // Twice the largest installation disc that is known.
  maxBytes: 64 * 1024 ** 3,
  spareBytes: 512 * 1024 ** 2,
  totalMs: 12 * 3_600_000,
  silenceMs: 60_000,
  paceMs: 300_000,
  leastBytes: 1024 ** 2,
  retryMs: 2000,
  // About four minutes: a switch or a mirror restarts in that time.
  retries: 10,
  firstRetries: 2,
  restarts: 3,
  flushBytes: 64 * 1024 ** 2,
};
