import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { ApiError } from '../errors.ts';

const maxPending = 1000;
const tryTimeoutMs = 10_000;

/** One result to deliver. `body` is the JSON text that polling would answer. */
export interface HookDelivery {
  readonly url: string;
  /** As the caller wrote it. */
  readonly jobUuid: string;
  readonly success: boolean;
  readonly body: string;
}

/** Delivers job results to callers' URLs; never blocks and never throws. */
export interface WebHooks {
  send(delivery: HookDelivery): void;
  /** Drops everything pending. */
  close(): void;
}

/** The URL of an X-Web-Hook header; throws ApiError `bad-request` unless it is a plain http or https URL. */
export function parseHookUrl(text: string): string {
  const url = text.length <= 2048 && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new ApiError('bad-request', 'X-Web-Hook must be an http or https URL without user and password');
  }
  return url.href;
}

async function post(delivery: HookDelivery, closing: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(delivery.url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        'X-Job-UUID': delivery.jobUuid,
        'X-Job-Success': String(delivery.success),
      },
      body: delivery.body,
      // A redirect could lead to an address that the caller was not allowed to name.
      redirect: 'manual',
      signal: AbortSignal.any([closing, AbortSignal.timeout(tryTimeoutMs)]),
    });
    await response.body?.cancel();
    return response.status >= 200 && response.status <= 299 ? undefined : `HTTP status ${response.status}`;
  } catch (error) {
    return messageOf(error);
  }
}

/** Tries each delivery `tries` times, `intervalMs` apart, as the product; at most 1000 are pending, more are dropped and logged. */
export function createWebHooks(
  deps: { readonly clock: Clock; readonly log: Logger },
  options: { readonly tries: number; readonly intervalMs: number },
): WebHooks {
  const { clock, log } = deps;
  const closing = new AbortController();
  const timers = new Set<() => void>();
  let pending = 0;

  const attempt = async (delivery: HookDelivery, count: number): Promise<void> => {
    const fault = await post(delivery, closing.signal);
    if (closing.signal.aborted) return;
    if (fault === undefined) {
      pending -= 1;
    } else if (count >= options.tries) {
      pending -= 1;
      log.warn({ job: delivery.jobUuid, tries: count, fault }, 'web hook given up');
    } else {
      const cancel = clock.after(options.intervalMs, () => {
        timers.delete(cancel);
        void attempt(delivery, count + 1);
      });
      timers.add(cancel);
    }
  };

  return {
    send(delivery) {
      if (closing.signal.aborted) return;
      if (pending >= maxPending) {
        log.warn({ job: delivery.jobUuid, pending }, 'web hook dropped: too many are pending');
        return;
      }
      pending += 1;
      void attempt(delivery, 1);
    },
    close() {
      closing.abort();
      for (const cancel of timers) cancel();
      timers.clear();
    },
  };
}
