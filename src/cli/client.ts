import { createHash } from 'node:crypto';
import { messageOf } from '../base/errors.ts';
import { CliError } from './errors.ts';

/** Members of an answer. */
export type Answer = Readonly<Record<string, unknown>>;
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Where the API is. */
export interface ClientOptions {
  /** Base of the API without `/v1`, e.g. `http://192.0.2.1:8080` or `https://rack1.example/zstack`. */
  readonly url: string;
  readonly session?: string;
  /** Default 200 ms, growing to 2 s: a power command takes well under a second. */
  readonly pollMs?: number;
  /** How long one call may take with its job; default 10 minutes. */
  readonly timeoutMs?: number;
}

/** How one call is followed. */
export interface CallOptions {
  /** Told the uuid of the job of an accepted call. */
  readonly onJob?: (jobUuid: string) => void;
  /** Told before each poll, with the ms since the call was accepted and, where that was asked for, how far the job is. */
  readonly onWait?: (elapsedMs: number, stage: string | undefined) => void;
  /** From when on each poll also asks how far the job is, ms; never when left out. */
  readonly stagesAfterMs?: number;
  /** Instead of the client's. */
  readonly timeoutMs?: number;
}

/** Which rows a list answers besides its conditions. */
export interface ListOptions {
  /** Field with its direction, e.g. `-time`. */
  readonly sort?: string;
  /** All when left out. */
  readonly limit?: number;
}

/** A client of one API server. Rejects with CliError. */
export interface Client {
  readonly url: string;
  /** The session in use; changes with login and logout. */
  session(): string | undefined;
  /** Logs in as an account, or as one of its users. Only the SHA-512 of the password leaves this machine. Answers the session's inventory. */
  login(accountName: string, password: string, userName?: string): Promise<Answer>;
  logout(): Promise<void>;
  /** One API call to its end: an accepted job is polled. `path` is below `/v1`; a query string may follow. */
  call(method: Method, path: string, body?: object, options?: CallOptions): Promise<Answer>;
  /** Follows a job to its end. */
  poll(jobUuid: string, options?: CallOptions): Promise<Answer>;
  /** How far a job is, in the server's words; undefined when it does not say. */
  stage(jobUuid: string): Promise<string | undefined>;
  /** The list answer of `path`, page by page, for conditions such as `name=x`. */
  list(path: string, conditions?: readonly string[], options?: ListOptions): Promise<readonly Answer[]>;
}

const requestTimeoutMs = 30_000;
const maxPollMs = 2000;
/** Polls in a row that may stay without an answer: a restart of the server, or of a network on the way, takes some seconds. */
const maxSilences = 5;
/** What the server answers at most when it is not told otherwise. */
const pageRows = 1000;

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of a member that is a list; empty when it is none. */
export function rowsOf(answer: Answer, member: string): readonly Answer[] {
  const rows = answer[member];
  return Array.isArray(rows) ? rows.filter(isAnswer) : [];
}

/** What the server gets instead of a password: its SHA-512 in hex. */
export function digestPassword(password: string): string {
  return createHash('sha512').update(password, 'utf8').digest('hex');
}

interface Reply {
  readonly status: number;
  readonly answer: Answer;
}

function failure({ status, answer }: Reply): CliError {
  const error = isAnswer(answer['error']) ? answer['error'] : {};
  const text = (name: string): string => (typeof error[name] === 'string' ? error[name] : '');
  const code = text('code');
  const details = text('details') || `the server answered HTTP ${status}`;
  if (code === 'ID.1001' || details.includes("'Authorization'")) {
    return new CliError(
      'not-logged-in',
      'not logged in, or the session has expired: run `rackwright login`',
      {
        data: { zstackCode: code },
      },
    );
  }
  const label = code === '' ? '' : ` (${code}: ${text('description')})`;
  return new CliError('refused', `${details}${label}`, { data: { zstackCode: code, status } });
}

/** Makes a client; nothing is sent before the first call. */
export function createClient(options: ClientOptions): Client {
  const base = options.url.replace(/\/+$/, '');
  if (!/^https?:\/\//.test(base) || !URL.canParse(base)) {
    throw new CliError('usage', `the URL of the server must start with http:// or https://: ${options.url}`);
  }
  const timeoutMs = options.timeoutMs ?? 600_000;
  let session = options.session;

  const send = async (method: Method, path: string, body?: object): Promise<Reply> => {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${base}/v1${path}`, {
        method,
        headers: {
          ...(session === undefined ? {} : { Authorization: `OAuth ${session}` }),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // A redirect would carry the session to another server.
        redirect: 'error',
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      text = await response.text();
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new CliError('unreachable', `no answer from ${base}: ${messageOf(cause)}`, { cause: error });
    }
    try {
      const answer: unknown = JSON.parse(text === '' ? '{}' : text);
      if (isAnswer(answer)) return { status: response.status, answer };
    } catch {
      // Told below, as for JSON that is no object.
    }
    throw new CliError(
      'bad-answer',
      `${base} does not answer like a Rackwright server (HTTP ${response.status})`,
    );
  };

  const stage: Client['stage'] = async (jobUuid) => {
    // Only told for comfort: whatever goes wrong here, the poll says it better.
    const reply = await send('GET', `/task-progresses/${encodeURIComponent(jobUuid)}`).catch(() => undefined);
    const content = reply === undefined ? undefined : rowsOf(reply.answer, 'inventories')[0]?.['content'];
    return typeof content === 'string' ? content : undefined;
  };

  const poll = async (jobUuid: string, following: CallOptions = {}): Promise<Answer> => {
    const { onWait, stagesAfterMs = Number.POSITIVE_INFINITY } = following;
    const begin = Date.now();
    let silences = 0;
    const look = async (): Promise<Reply | undefined> => {
      try {
        const reply = await send('GET', `/api-jobs/${encodeURIComponent(jobUuid)}`);
        silences = 0;
        return reply;
      } catch (error) {
        const isSilent = error instanceof CliError && error.code === 'unreachable';
        if (!isSilent || (silences += 1) > maxSilences) throw error;
        return undefined;
      }
    };
    for (let wait = options.pollMs ?? 200; ; wait = Math.min(wait * 1.5, maxPollMs)) {
      const reply = await look();
      if (reply?.status === 200) return reply.answer;
      if (reply !== undefined && reply.status !== 202) throw failure(reply);
      const elapsedMs = Date.now() - begin;
      if (elapsedMs > (following.timeoutMs ?? timeoutMs)) {
        throw new CliError('timeout', `job ${jobUuid} is still running; its outcome is not known`);
      }
      onWait?.(elapsedMs, elapsedMs < stagesAfterMs ? undefined : await stage(jobUuid));
      await new Promise((resolve) => {
        setTimeout(resolve, wait);
      });
    }
  };

  const call: Client['call'] = async (method, path, body, callOptions) => {
    const reply = await send(method, path, body);
    if (reply.status === 200) return reply.answer;
    const { location } = reply.answer;
    if (reply.status !== 202 || typeof location !== 'string') throw failure(reply);
    // Only the job's uuid is taken: the host in a location may be one that this machine cannot reach.
    const jobUuid = location.slice(location.lastIndexOf('/') + 1);
    callOptions?.onJob?.(jobUuid);
    return poll(jobUuid, callOptions);
  };

  return {
    url: base,
    session: () => session,
    async login(accountName, password, userName) {
      session = undefined;
      const who = { accountName, password: digestPassword(password) };
      const answer =
        userName === undefined
          ? await call('PUT', '/accounts/login', { logInByAccount: who })
          : await call('PUT', '/accounts/users/login', { logInByUser: { ...who, userName } });
      const { inventory } = answer;
      if (!isAnswer(inventory) || typeof inventory['uuid'] !== 'string') {
        throw new CliError('bad-answer', 'the server answered the login without a session');
      }
      session = inventory['uuid'];
      return inventory;
    },
    async logout() {
      if (session !== undefined) await call('DELETE', `/accounts/sessions/${session}`);
      session = undefined;
    },
    call,
    poll,
    stage,
    async list(path, conditions = [], { sort, limit = Number.POSITIVE_INFINITY } = {}) {
      const rows: Answer[] = [];
      for (;;) {
        const wanted = Math.min(pageRows, limit - rows.length);
        const query = new URLSearchParams();
        for (const condition of conditions) query.append('q', condition);
        if (sort !== undefined) query.set('sort', sort);
        query.set('limit', String(wanted));
        query.set('start', String(rows.length));
        const page = rowsOf(await call('GET', `${path}?${query.toString()}`), 'inventories');
        rows.push(...page);
        if (page.length < wanted || rows.length >= limit) return rows;
      }
    },
  };
}
