import { messageOf } from '../../base/errors.ts';

/** One result to deliver. */
export interface HookDelivery {
  readonly url: string;
  /** The job's uuid as the caller wrote it. */
  readonly headerUuid: string;
  readonly success: boolean;
  /** The JSON text that polling answers. */
  readonly body: string;
}

/** Posts a result once; what went wrong in words, or undefined when the receiver took it (any 2xx). Never rejects. */
export async function postHook(delivery: HookDelivery, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(delivery.url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        'X-Job-UUID': delivery.headerUuid,
        'X-Job-Success': String(delivery.success),
      },
      body: delivery.body,
      // A redirect could lead to an address that the caller was not allowed to name.
      redirect: 'manual',
      signal,
    });
    // Nobody needs the answer's body, and an endless one must not be read.
    await response.body?.cancel();
    return response.status >= 200 && response.status <= 299 ? undefined : `HTTP status ${response.status}`;
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : '';
    return `${messageOf(error)}${cause}`;
  }
}
