/** What the load client does: `clients` machines fetch `file` at once, each from an address of its own. */
export interface FetchOrder {
  readonly server: string;
  readonly file: string;
  /** The same file on disk; every byte is compared. */
  readonly path: string;
  readonly blockSize: number;
  /** 1: lock-step, the option is not sent. */
  readonly windowSize: number;
  readonly clients: number;
  /** Address of the first client; the others follow. */
  readonly firstAddress: string;
}

/** What it saw. */
export interface FetchReport {
  /** From the first request to the last byte. */
  readonly ms: number;
  /** Transfers whose bytes were right, and the others. */
  readonly right: number;
  readonly wrong: number;
}
