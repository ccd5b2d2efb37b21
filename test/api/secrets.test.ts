import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { ProvisionError } from '../../src/provision/index.ts';
import { existing, seedRows } from '../support/api-rows.ts';
import { adminPassword, callApi, openApi } from '../support/api-world.ts';

it('a password given anywhere is in no answer and no log line; nor is a session', async () => {
  const canary = 'Canary-7c1e-$"\\-<end>';
  const world = await openApi();
  await seedRows(world);
  // A domain that is careless: it quotes the clear password.
  const answers: string[] = [];
  const call = async (
    ...args: Parameters<typeof callApi> extends [unknown, ...infer Rest] ? Rest : never
  ) => {
    answers.push((await callApi(world, ...args)).body);
  };
  const ipmi = { ipmiAddress: '1.1.1.1', ipmiUsername: 'root', ipmiPassword: canary };
  const chassis = `/baremetal/chassis/${existing.chassis}`;
  const round = async (): Promise<void> => {
    await call('POST', '/baremetal/chassis', { params: { name: 'x', ...ipmi } });
    await call('POST', '/baremetal/chassis', { params: { name: 'x', ...ipmi, ipmiPort: 'wrong' } });
    await call('POST', '/baremetal/chassis', { params: { ...ipmi, name: { deep: canary } } });
    await call('PUT', `${chassis}/actions`, { updateBaremetalChassis: { ...ipmi, status: 'x' } });
    await call('PUT', `${chassis}/actions`, { updateBaremetalChassis: ipmi });
    await call('PUT', `${chassis}/actions`, { updateBaremetalChasis: ipmi });
    const cfg = { chassisUuid: existing.chassis, password: canary, cfgItems: { nicCfgs: [] } };
    await call('POST', '/baremetal/hostcfg', { params: cfg });
    await call('POST', '/baremetal/hostcfg', { params: { ...cfg, vnc: 'x' } });
    await call('PUT', '/accounts/login', { logIn: { accountName: 'admin', password: canary } });
    await call('PUT', '/accounts/login', { logIn: { accountName: 5, password: canary }, extra: canary });
    await call('PUT', '/accounts/login', { password: canary });
    await call('GET', `/baremetal/chassis?q=ipmiPassword=${encodeURIComponent(canary)}`);
    await call('GET', '/baremetal/chassis?replyWithCount=true');
    await call('GET', '/baremetal/hostcfg');
    await call('GET', chassis);
  };
  await round();
  world.domain.fail = new ProvisionError('bmc-failed', `login root/${canary} at 1.1.1.1 failed`);
  await round();
  world.domain.fail = new Error(`connect root:${canary}@1.1.1.1`);
  await round();
  const broken = await world.api.inject({
    method: 'POST',
    url: '/v1/baremetal/chassis',
    headers: { authorization: world.authorization },
    payload: `{"params":{"ipmiPassword":${JSON.stringify(canary)}`,
  });
  answers.push(broken.body);
  await world.api.inject({ url: `/v1/accounts/sessions/${world.session}/valid` });
  await world.api.inject({ method: 'DELETE', url: `/v1/accounts/sessions/${world.session}` });
  await world.api.close();

  const everything = [...answers, ...world.log.lines, world.store.writtenText()];
  await world.store.close();
  const spellings = [canary, JSON.stringify(canary).slice(1, -1), encodeURIComponent(canary)];
  const digest = createHash('sha512').update(canary).digest('hex');
  for (const secret of [...spellings, digest, adminPassword, world.session]) {
    expect(everything.filter((line) => line.includes(secret))).toEqual([]);
  }
  // The search would have found something: the calls were made, logged and answered.
  expect(answers.length).toBe(46);
  expect(everything.join('\n')).toContain('login root/****** at 1.1.1.1 failed');
  expect(world.log.lines.filter((line) => line.includes('"text":"request"')).length).toBeGreaterThan(46);
  expect(world.log.lines.some((line) => line.includes('/accounts/sessions/:sessionUuid'))).toBe(true);
});
