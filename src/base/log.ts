/** What rooms log through; pino satisfies it. Facts go into the object, never secrets. */
export interface Logger {
  debug(facts: object, text: string): void;
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}

/** Drops everything; for tests and for callers that do not care. */
export const silentLog: Logger = { debug() {}, info() {}, warn() {}, error() {} };
