/** What a server may say about the version of a file, so that a later part of the same version can be asked for. */
export interface Version {
  /** A strong ETag, else a Last-Modified that is strong, as If-Range takes it; undefined where the server gives neither. */
  readonly validator: string | undefined;
  /** Bytes of the whole; undefined where the server does not say. */
  readonly total: number | undefined;
}

/** What a server answered to the request for the bytes from `have` on. Header names in lower case. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** What to do with an answer. Texts of `fail` and `again` are for people. */
export type Verdict =
  /** Its body goes behind what is there (`from` bytes). */
  | { readonly kind: 'take'; readonly from: number; readonly version: Version }
  /** All bytes are there. */
  | { readonly kind: 'complete' }
  | { readonly kind: 'redirect'; readonly location: string }
  /** What is there is of no use any more. */
  | { readonly kind: 'restart'; readonly reason: string }
  /** May be better in a while. */
  | { readonly kind: 'again'; readonly reason: string }
  | { readonly kind: 'fail'; readonly reason: string };

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const passing: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Judges an answer by what is there of which version. A part is taken only when it begins where ours ends and is of the same version;
 * RFC 9110 §13.1.5 (If-Range), §14.4 (Content-Range), §15.3.7 (206), §15.5.17 (416).
 */
export function judgeAnswer(answer: Answer, have: number, known: Version | undefined): Verdict {
  const { status } = answer;
  if (redirects.has(status)) {
    const location = header(answer, 'location');
    return location === undefined
      ? fail(`the server redirects (status ${status}) and does not say where to`)
      : { kind: 'redirect', location };
  }
  if (status === 416 && have > 0) {
    const total = /^bytes \*\/(\d{1,15})$/.exec(header(answer, 'content-range') ?? '')?.[1];
    return Number(total) === have && known?.total === have
      ? { kind: 'complete' }
      : { kind: 'restart', reason: 'the server does not have the part that is missing' };
  }
  if (passing.has(status)) return { kind: 'again', reason: `the server answers with status ${status}` };
  if (status !== 200 && status !== 206)
    return fail(`the server answers with status ${status}; look at the URL`);
  if ((header(answer, 'content-encoding') ?? 'identity') !== 'identity')
    return fail('the server sends the file compressed, although that was refused');
  if (status === 206) return judgePart(answer, have, known);
  const length = lengthOf(answer);
  if (length === 'odd') return fail('the server does not say clearly how long the file is');
  return { kind: 'take', from: 0, version: { validator: validatorOf(answer), total: length } };
}

function judgePart(answer: Answer, have: number, known: Version | undefined): Verdict {
  const [, first, last, whole] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(header(answer, 'content-range') ?? '') ?? [];
  if (have === 0 || Number(first) !== have || Number(last) < have)
    return fail('the server answers with another part of the file than the one that was asked for');
  const total = whole === '*' ? undefined : Number(whole);
  const length = lengthOf(answer);
  if (
    (total !== undefined && Number(last) !== total - 1) ||
    length === 'odd' ||
    (length !== undefined && length !== Number(last) - have + 1)
  )
    return fail('the server contradicts itself about the length of the file');
  const validator = validatorOf(answer);
  // A 206 to If-Range has the validator that was asked for, or none. RFC 9110 §15.3.7
  const differs =
    (validator !== undefined && header(answer, 'etag') !== undefined && validator !== known?.validator) ||
    (total !== undefined && known?.total !== undefined && total !== known.total);
  if (differs) return { kind: 'restart', reason: 'the file on the server is another one than before' };
  return {
    kind: 'take',
    from: have,
    version: { validator: known?.validator, total: total ?? known?.total },
  };
}

/** Bytes of the body; undefined when the server leaves that open. */
function lengthOf(answer: Answer): number | undefined | 'odd' {
  const text = header(answer, 'content-length');
  if (text === undefined) return undefined;
  return /^\d{1,15}$/.test(text) ? Number(text) : 'odd';
}

/** A date counts when the file was not changed within the second of the answer. RFC 9110 §8.8.2.2 */
function validatorOf(answer: Answer): string | undefined {
  const etag = header(answer, 'etag');
  // A weak one promises nothing about bytes. RFC 9110 §8.8.3
  if (etag !== undefined && /^"[\x21\x23-\x7e]*"$/.test(etag)) return etag;
  const modified = header(answer, 'last-modified');
  const age = Date.parse(header(answer, 'date') ?? '') - Date.parse(modified ?? '');
  return age >= 1000 ? modified : undefined;
}

function header({ headers }: Answer, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value.trim() : undefined;
}

function fail(reason: string): Verdict {
  return { kind: 'fail', reason };
}
