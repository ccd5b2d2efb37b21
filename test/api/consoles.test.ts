import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { ServerMessage } from '../../src/console/protocol.ts';
import { openRoom, type Room } from '../console/viewer-world.ts';
import { adminOf, newAccount, newUser } from '../support/api-identities.ts';
import { type ApiWorld, callApi, openApi, pollJob } from '../support/api-world.ts';
import { systemClock } from '../../src/base/clock.ts';

let room: Room;
let world: ApiWorld;
let sockets: WebSocket[];

/** A world whose only chassis is the room's; real consoles, a real socket. */
beforeEach(async () => {
  room = await openRoom();
  sockets = [];
  world = await openApi({}, systemClock, { consoles: room.consoles });
});
afterEach(async () => {
  for (const socket of sockets) socket.terminate();
  await world.close();
  await room.close();
});

const chassisUuid = () => room.machine.subject.uuid;

interface Access {
  readonly uuid: string;
  readonly chassisUuid: string;
  readonly token: string;
  readonly url: string;
  readonly expireDate: string;
}

async function access(params: object = {}): Promise<Access> {
  const answer = await callApi(world, 'POST', '/baremetal/consoles', {
    params: { chassisUuid: chassisUuid(), ...params },
  });
  expect([answer.statusCode, answer.body]).toEqual([200, expect.any(String)]);
  return answer.json<{ inventory: Access }>().inventory;
}
const ticketOf = ({ url }: Access): string => new URL(url).hash.slice(1);

/** A viewer on a real socket, with what it was told. */
function dial(path: string, headers: Record<string, string> = {}) {
  const socket = new WebSocket(`${world.api.url.replace('http', 'ws')}${path}`, { headers });
  sockets.push(socket);
  const told: ServerMessage[] = [];
  const bytes: Buffer[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) bytes.push(data);
    else told.push(JSON.parse(data.toString()) as ServerMessage);
  });
  socket.on('error', () => {});
  const status = new Promise<number | undefined>((resolve) => {
    socket.once('open', () => resolve(101));
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      resolve(response.statusCode);
    });
  });
  const of = <Type extends ServerMessage['type']>(type: Type) =>
    told.filter((one): one is Extract<ServerMessage, { type: Type }> => one.type === type);
  return {
    socket,
    told,
    bytes,
    status,
    of,
    async first<Type extends ServerMessage['type']>(type: Type) {
      await expect.poll(() => of(type).length).toBeGreaterThan(0);
      return of(type)[0] as Extract<ServerMessage, { type: Type }>;
    },
    say: (message: object) => socket.send(JSON.stringify(message)),
  };
}

async function audits(api: string): Promise<Record<string, unknown>[]> {
  const answer = await world.api.inject({
    url: `/v1/audits?q=api=${api}`,
    headers: { authorization: world.authorization },
  });
  return answer.json<{ inventories: Record<string, unknown>[] }>().inventories;
}

describe('RequestBaremetalConsoleAccess', () => {
  it('answers a link for one viewer, and the token in its printed form', async () => {
    const got = await access();
    expect(got.token).toBe(`${chassisUuid()}: localhost:80`);
    expect(got.url).toMatch(/^http:\/\/localhost(?::80)?\/zstack\/console\/#[0-9a-f]{64}$/);
    expect(got).toMatchObject({ chassisUuid: chassisUuid(), uuid: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect((await audits('RequestBaremetalConsoleAccess'))[0]).toMatchObject({
      outcome: 'Succeeded',
      resourceUuid: chassisUuid(),
      accountName: 'admin',
    });
    expect(JSON.stringify(await audits('RequestBaremetalConsoleAccess'))).not.toContain(ticketOf(got));
  });

  it('names the public address where there is one', async () => {
    await world.close();
    world = await openApi({ publicUrl: 'https://rack.example' }, systemClock, {
      consoles: room.consoles,
    });
    const got = await access();
    expect(got.token).toBe(`${chassisUuid()}: rack.example:443`);
    expect(got.url).toContain('https://rack.example/zstack/console/#');
  });

  it('says which chassis is unknown', async () => {
    const answer = await callApi(world, 'POST', '/baremetal/consoles', {
      params: { chassisUuid: 'f'.repeat(32) },
    });
    expect(answer.json()).toMatchObject({ error: { code: 'BAREMETAL.1010' } });
  });
});

describe.each(['/v1', '/zstack/v1'])('a console below %s', (prefix) => {
  it('talks both ways in texts and bytes', async () => {
    const viewer = dial(`${prefix}/console/${ticketOf(await access())}`);
    const hello = await viewer.first('hello');
    expect(hello).toMatchObject({ mayType: true, mayAct: true, you: { name: 'admin (127.0.0.1)' } });
    viewer.say({ type: 'watch' });
    await expect.poll(() => room.machine.lineCount).toBe(1);
    room.machine.print('login: ');
    await expect.poll(() => Buffer.concat(viewer.bytes).subarray(8).toString()).toBe('login: ');
    viewer.say({ type: 'ask-write' });
    viewer.socket.send(Buffer.from('root\r'));
    await expect.poll(() => room.machine.typed).toBe('root\r');
    viewer.socket.close();
    expect((await audits('OpenConsole'))[0]).toMatchObject({
      outcome: 'Succeeded',
      accountName: 'admin',
      resourceType: 'BaremetalChassisVO',
      resourceUuid: chassisUuid(),
    });
  });
});

describe('a ticket', () => {
  it('is good once', async () => {
    const ticket = ticketOf(await access());
    expect(await dial(`/v1/console/${ticket}`).status).toBe(101);
    expect(await dial(`/v1/console/${ticket}`).status).toBe(404);
    expect(await audits('OpenConsole')).toEqual(
      expect.arrayContaining([expect.objectContaining({ outcome: 'Failed', errorCode: 'SYS.1003' })]),
    );
    expect(world.log.lines.join('\n')).not.toContain(ticket);
  });

  it('expires', async () => {
    const ticket = ticketOf(await access());
    room.pass(120_000);
    expect(await dial(`/v1/console/${ticket}`).status).toBe(404);
  });

  it('is of no use to a page of another origin, and stays good', async () => {
    const ticket = ticketOf(await access());
    expect(await dial(`/v1/console/${ticket}`, { origin: 'https://evil.example' }).status).toBe(403);
    expect((await audits('OpenConsole'))[0]).toMatchObject({ outcome: 'Failed', errorCode: 'ID.1002' });
    expect(await dial(`/v1/console/${ticket}`, { origin: world.api.url }).status).toBe(101);
  });

  it('is refused beside the session of another account, and used up', async () => {
    const guest = await newAccount(world, 'guest');
    const [theirs, own] = [ticketOf(await access()), ticketOf(await access())];
    const headers = { authorization: `OAuth ${guest.session}` };
    expect(await dial(`/v1/console/${theirs}`, headers).status).toBe(403);
    expect(await dial(`/v1/console/${theirs}`).status).toBe(404);
    expect(await dial(`/v1/console/${own}`, { authorization: world.authorization }).status).toBe(101);
    expect((await audits('OpenConsole')).filter(({ errorCode }) => errorCode === 'ID.1002')).toHaveLength(1);
  });

  it('of a console opens no screen', async () => {
    const ticket = ticketOf(await access());
    expect(await dial(`/v1/console-screen/${ticket}`).status).toBe(404);
    expect(await dial(`/websockify?token=${ticket}`).status).toBe(404);
    expect(await dial(`/v1/console/${ticket}`).status).toBe(101);
  });
});

describe('a screen', () => {
  it.each(['/v1/console-screen/', '/zstack/v1/console-screen/', '/websockify?token=', '/websockify/?token='])(
    'is carried at %s',
    async (path) => {
      room.machine.screen = true;
      const viewer = dial(`/v1/console/${ticketOf(await access())}`);
      await viewer.first('hello');
      viewer.say({ type: 'open-screen', request: 1 });
      const { ticket } = await viewer.first('screen-ticket');
      const screen = dial(`${path}${ticket}`);
      expect(await screen.status).toBe(101);
      // The fake screen answers with what it gets.
      screen.socket.send(Buffer.from('RFB 003.008\n'));
      await expect.poll(() => Buffer.concat(screen.bytes).toString()).toBe('RFB 003.008\n');
      expect(await dial(`${path}${ticket}`).status).toBe(404);
      const outcomes = (await audits('OpenConsoleScreen')).map(({ outcome }) => outcome);
      expect(new Set(outcomes)).toEqual(new Set(['Failed', 'Succeeded']));
    },
  );
});

describe('what a viewer does to the machine', () => {
  it('is audited by the name that the API has for it', async () => {
    const viewer = dial(`/v1/console/${ticketOf(await access())}`);
    await viewer.first('hello');
    viewer.say({ type: 'power', request: 1, action: 'reset' });
    await viewer.first('done');
    expect(await audits('PowerResetBaremetalHost')).toMatchObject([
      { outcome: 'Succeeded', resourceUuid: chassisUuid(), accountName: 'admin', remoteAddress: '127.0.0.1' },
    ]);
    const looker = dial(`/v1/console/${ticketOf(await access({ viewOnly: true }))}`);
    await looker.first('hello');
    looker.say({ type: 'power', request: 1, action: 'off' });
    expect((await looker.first('done')).error).toContain('looking only');
    expect(await audits('PowerOffBaremetalHost')).toMatchObject([
      { outcome: 'Failed', errorCode: 'SYS.1006' },
    ]);
    expect(room.machine.powered).toEqual(['reset']);
  });
});

describe('the end of a session', () => {
  const bye = async (viewer: ReturnType<typeof dial>) => (await viewer.first('bye')).final;

  it('by logging out ends its viewers and tickets', async () => {
    const [used, waiting] = [ticketOf(await access()), ticketOf(await access())];
    const viewer = dial(`/v1/console/${used}`);
    const { resume } = await viewer.first('hello');
    await world.api.inject({ method: 'DELETE', url: `/v1/accounts/sessions/${world.session}` });
    expect(await bye(viewer)).toBe(true);
    for (const ticket of [waiting, resume]) expect(await dial(`/v1/console/${ticket}`).status).toBe(404);
  });

  it('by a changed password, of another session of the same account, ends them too', async () => {
    const viewer = dial(`/v1/console/${ticketOf(await access())}`);
    await viewer.first('hello');
    const { session: other } = await newUser(world, adminOf(world), 'ann');
    const answer = await world.api.inject({
      method: 'PUT',
      url: '/v1/accounts/users/actions',
      headers: { authorization: `OAuth ${other}` },
      payload: { updateUser: { password: 'another one' } },
    });
    if (answer.statusCode === 202) await pollJob(world.api, answer.json<{ location: string }>().location);
    // Ann's password is not the admin's: nothing happens to the admin's console.
    await sleep(50);
    expect(viewer.of('bye')).toEqual([]);
    const login = await world.api.inject({
      method: 'PUT',
      url: '/v1/accounts/login',
      payload: { logInByAccount: { accountName: 'admin', password: 'Canary-9f3e-of-the-admin' } },
    });
    const second = login.json<{ inventory: { uuid: string } }>().inventory.uuid;
    const changed = await world.api.inject({
      method: 'PUT',
      url: '/v1/accounts',
      headers: { authorization: `OAuth ${second}` },
      payload: { updateAccount: { password: 'a third one' } },
    });
    await pollJob(world.api, changed.json<{ location: string }>().location);
    expect(await bye(viewer)).toBe(true);
  });

  it('by the end of its account', async () => {
    const account = await newAccount(world, 'second-admin', 'SystemAdmin');
    const answer = await world.api.inject({
      method: 'POST',
      url: '/v1/baremetal/consoles',
      headers: { authorization: `OAuth ${account.session}` },
      payload: { params: { chassisUuid: chassisUuid() } },
    });
    const result = await pollJob(world.api, answer.json<{ location: string }>().location);
    const viewer = dial(`/v1/console/${ticketOf(result.json<{ inventory: Access }>().inventory)}`);
    await viewer.first('hello');
    await callApi(world, 'DELETE', `/accounts/${account.uuid}`);
    expect(await bye(viewer)).toBe(true);
    await expect.poll(() => viewer.socket.readyState).toBe(WebSocket.CLOSED);
  });
});

describe('a session that ends while its link is made', () => {
  it('leaves no link behind', async () => {
    const tickets: string[] = [];
    await world.close();
    world = await openApi({}, systemClock, {
      consoles: {
        ...room.consoles,
        async request(...given) {
          await world.api.inject({ method: 'DELETE', url: `/v1/accounts/sessions/${world.session}` });
          const made = await room.consoles.request(...given);
          tickets.push(made.ticket);
          return made;
        },
      },
    });
    const answer = await world.api.inject({
      method: 'POST',
      url: '/v1/baremetal/consoles',
      headers: { authorization: world.authorization },
      payload: { params: { chassisUuid: chassisUuid() } },
    });
    const job = await pollJob(world.api, answer.json<{ location: string }>().location);
    expect(job.body).toContain('Session expired');
    expect(tickets).toHaveLength(1);
    expect(await room.consoles.open(tickets[0] ?? '')).toBeUndefined();
  });
});

describe('the end of the server', () => {
  it('is told to viewers, who may come back', async () => {
    const viewer = dial(`/v1/console/${ticketOf(await access())}`);
    await viewer.first('hello');
    await world.close();
    expect(await viewer.first('bye')).toMatchObject({ final: false, text: expect.stringContaining('stops') });
  });
});

describe('screenshots and records by the API', () => {
  it('are files that nobody keeps on the way, and each reading is audited', async () => {
    room.machine.screen = true;
    const picture = await callApi(world, 'GET', `/baremetal/chassis/${chassisUuid()}/console/screenshot`);
    expect([picture.statusCode, picture.headers['content-type'], picture.headers['cache-control']]).toEqual([
      200,
      'image/png',
      'no-store',
    ]);
    const viewer = dial(`/v1/console/${ticketOf(await access())}`);
    await viewer.first('hello');
    viewer.say({ type: 'watch' });
    await expect.poll(() => room.machine.lineCount).toBe(1);
    const printed = 'line of text\r\n'.repeat(50_000);
    room.machine.print(printed);
    const path = `/baremetal/chassis/${chassisUuid()}/console/log`;
    const whole = await callApi(world, 'GET', path);
    expect([whole.headers['content-type'], whole.headers['content-disposition']]).toEqual([
      'text/plain; charset=utf-8',
      `attachment; filename="console-${chassisUuid()}.log"`,
    ]);
    const kept = printed.length - whole.body.length;
    expect(whole.body).toBe(printed.slice(kept));
    const part = await callApi(world, 'GET', `${path}?from=${printed.length - 10}`);
    expect(part.body).toBe(printed.slice(-10));
    expect(await audits('GetBaremetalConsoleLog')).toHaveLength(2);
    expect(await audits('GetBaremetalConsoleScreenshot')).toHaveLength(1);
  });

  it('refuse what they cannot do as every API does', async () => {
    const path = `/baremetal/chassis/${chassisUuid()}/console`;
    expect((await callApi(world, 'GET', `${path}/screenshot`)).json()).toMatchObject({
      error: { code: 'SYS.1006' },
    });
    expect((await callApi(world, 'GET', `${path}/log?from=-1`)).json()).toMatchObject({
      error: { code: 'SYS.1007' },
    });
    expect((await world.api.inject({ url: `/v1${path}/log` })).statusCode).toBe(400);
  });
});
