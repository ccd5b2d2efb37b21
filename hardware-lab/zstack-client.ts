import type { Gate, GateAnswer } from './gate.ts';
import { sleep } from './processes.ts';

/** What the API answered instead of a result. */
export class ZstackError extends Error {
  readonly status: number;
  /** e.g. `SYS.1007`; empty when the body had no error object. */
  readonly code: string;

  constructor(what: string, status: number, code: string, text: string) {
    super(`${what}: ${status}${code === '' ? '' : ` ${code}`}: ${text}`);
    this.name = 'ZstackError';
    this.status = status;
    this.code = code;
  }
}

type Json = Readonly<Record<string, unknown>>;

/** A client of the ZStack wire as its manual describes it, sharing no code with the server. */
export interface ZstackClient {
  /** Creates a resource (POST with `params`) and answers its inventory. */
  create(path: string, params: Json, systemTags?: readonly string[]): Promise<Json>;
  /** The same, answering the whole result. */
  post(path: string, params: Json): Promise<Json>;
  /** Calls an action (PUT with the action's key) and answers its whole result. */
  act(path: string, action: string, params?: Json): Promise<Json>;
  /** Queries with `q` conditions and answers the inventories. */
  query(path: string, ...conditions: readonly string[]): Promise<readonly Json[]>;
  /** Reads one thing and answers the whole body. */
  get(path: string): Promise<Json>;
  /** Reads a file. */
  file(path: string): Promise<{ readonly type: string; readonly bytes: Uint8Array }>;
  remove(path: string): Promise<void>;
}

function parse(what: string, answer: GateAnswer): Json {
  if (answer.text.trim() === '') return {};
  try {
    return JSON.parse(answer.text) as Json;
  } catch {
    throw new ZstackError(what, answer.status, '', `not JSON: ${answer.text.slice(0, 200)}`);
  }
}

function result(what: string, answer: GateAnswer): Json {
  const body = parse(what, answer);
  if (answer.status === 200) return body;
  const error = body['error'] as { code?: string; description?: string; details?: string } | undefined;
  throw new ZstackError(
    what,
    answer.status,
    error?.code ?? '',
    error?.details ?? error?.description ?? answer.text.slice(0, 200),
  );
}

/** Logs in as an account and answers a client with that session. `base` is e.g. `http://127.0.0.1:8080`. */
export async function connectZstack(
  gate: Pick<Gate, 'fetch'>,
  base: string,
  accountName: string,
  password: string,
): Promise<ZstackClient> {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const login = result(
    'login',
    await gate.fetch(`${base}/zstack/v1/accounts/login`, {
      method: 'PUT',
      headers,
      body: JSON.stringify({ logInByAccount: { accountName, password } }),
    }),
  );
  const session = String((login['inventory'] as Json | undefined)?.['uuid']);
  const authorized = { ...headers, authorization: `OAuth ${session}` };

  const call = async (method: string, path: string, body?: Json): Promise<Json> => {
    const what = `${method} ${path}`;
    let answer = await gate.fetch(`${base}/zstack/v1${path}`, {
      method,
      headers: authorized,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status !== 202) return result(what, answer);
    const location = String(parse(what, answer)['location']);
    do {
      await sleep(200);
      answer = await gate.fetch(location);
    } while (answer.status === 202);
    return result(what, answer);
  };

  return {
    async create(path, params, systemTags) {
      const body = { params, ...(systemTags === undefined ? {} : { systemTags }) };
      return (await call('POST', path, body))['inventory'] as Json;
    },
    post: (path, params) => call('POST', path, { params }),
    act: (path, action, params = {}) => call('PUT', path, { [action]: params }),
    async query(path, ...conditions) {
      const search = conditions.map((condition) => `q=${encodeURIComponent(condition)}`).join('&');
      return (await call('GET', `${path}${search === '' ? '' : `?${search}`}`))[
        'inventories'
      ] as readonly Json[];
    },
    get: (path) => call('GET', path),
    async file(path) {
      const answer = await gate.fetch(`${base}/zstack/v1${path}`, { headers: authorized });
      if (answer.status !== 200) result(`GET ${path}`, answer);
      return { type: String(answer.headers['content-type']), bytes: answer.bytes };
    },
    async remove(path) {
      await call('DELETE', path);
    },
  };
}
