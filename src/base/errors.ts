/**
 * Base of every room's error class. `code` is from the room's closed set, `data` holds facts for logs and answers (never a secret).
 * Rooms match on `code`, never on the text.
 */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(
    code: Code,
    message: string,
    options: { data?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.data = options.data ?? {};
  }
}

/** Ends a switch over a closed set; the compiler refuses a forgotten member, the throw covers lying input. */
export function assertNever(value: never, what = 'value'): never {
  throw new Error(`unexpected ${what}: ${JSON.stringify(value)}`);
}

/** The text of anything thrown, for logs and error chains. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
