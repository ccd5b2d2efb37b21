import { createHash } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { adminOf, newAccount, newUser } from '../support/api-identities.ts';
import { adminPassword, callApi, openApi } from '../support/api-world.ts';

const sha512 = (text: string): string => createHash('sha512').update(text).digest('hex');

it('neither passwords nor sessions are in a log line, an answer or the database', async () => {
  const world = await openApi();
  onTestFinished(() => world.close());
  const bodies: string[] = [];
  const call = async (
    ...given: Parameters<typeof callApi> extends [unknown, ...infer Rest] ? Rest : never
  ) => {
    bodies.push((await callApi(world, ...given)).body);
  };
  const guest = await newAccount(world, 'guest');
  const ann = await newUser(world, adminOf(world), 'ann', 'Auditor');
  const secrets = [
    adminPassword,
    'Canary-of-guest',
    'Canary-of-ann',
    'Canary-two',
    'Canary-three',
    'Canary-four',
  ];

  await call('POST', '/accounts', { params: { name: 'two', password: 'Canary-two' } });
  await call('POST', '/accounts', { params: { name: 'two', password: 'Canary-two' } });
  await call('POST', '/accounts', {
    params: { name: 'Canary-three', password: 'Canary-three' },
    userTags: ['x'],
  });
  await call('POST', '/accounts', { params: { password: 'Canary-two' } });
  await call('PUT', `/accounts/${guest.uuid}`, { updateAccount: { password: sha512('Canary-three') } });
  await call('PUT', '/accounts/users/actions', { updateUser: { uuid: ann.uuid, password: 'Canary-four' } });
  await call('PUT', '/accounts/users/actions', { updateUser: { uuid: 'nobody', password: 'Canary-four' } });
  for (const password of ['Canary-four', sha512('Canary-four'), ['Canary-four'], { x: 'Canary-four' }]) {
    const logInByUser = { accountName: 'admin', userName: 'bob', password };
    await call('PUT', '/accounts/users/login', { logInByUser });
    await call('PUT', '/accounts/login', { logInByAccount: { accountName: 'admin', password } });
  }
  for (const path of ['/accounts', '/accounts/users', '/audits', `/accounts/${guest.uuid}`]) {
    await call('GET', path);
  }
  await call('GET', '/accounts?q=passwordHash~=scrypt%25');
  await call('GET', '/accounts/users?fields=uuid,passwordHash');
  await call('DELETE', `/accounts/sessions/${guest.session}`);

  const answers = bodies.join('\n').replaceAll('"name":"Canary-three"', '');
  const logged = world.log.lines.join('\n');
  const written = world.store.writtenText().replaceAll('Canary-three', '');
  expect(bodies.length).toBeGreaterThan(20);
  expect(logged).toContain('/accounts/login');
  for (const text of [answers, logged, written]) {
    for (const secret of secrets) {
      expect(text).not.toContain(secret);
      expect(text.toLowerCase()).not.toContain(sha512(secret));
    }
    for (const session of [world.session, guest.session, ann.session]) expect(text).not.toContain(session);
  }
  for (const text of [answers, logged]) expect(text).not.toContain('scrypt$');
});
