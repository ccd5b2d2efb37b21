import { generateKeyPairSync } from 'node:crypto';
import ssh2 from 'ssh2';
import { afterEach, expect, it } from 'vitest';
import type { NetError } from '../../src/net/errors.ts';
import { openSsh } from '../../src/net/ssh.ts';
import { generateSshKey, readSshKey } from '../../src/net/ssh-key.ts';
import type { SshTarget } from '../../src/net/shell.ts';
import {
  answering,
  type FakeBehaviour,
  type FakeKvmHost,
  startFakeKvmHost,
} from '../support/fake-kvm-host.ts';
import { targetOf } from '../support/fake-kvm-host-target.ts';

const fakes: FakeKvmHost[] = [];
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.close()));
});

async function fakeHost(changes: Partial<FakeBehaviour> = {}): Promise<FakeKvmHost> {
  const fake = await startFakeKvmHost(changes);
  fakes.push(fake);
  return fake;
}

async function refusalOf(target: SshTarget): Promise<NetError> {
  const error = await openSsh(target).then(
    () => undefined,
    (error: NetError) => error,
  );
  expect(error).toBeDefined();
  return error as NetError;
}

it('logs in by password and tells the fingerprint of the host key', async () => {
  const fake = await fakeHost();
  const shell = await openSsh(targetOf(fake));
  expect(shell.hostKey).toBe(fake.hostKey());
  expect(shell.hostKey).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  await shell.close();
  await shell.close();
  expect(await shell.closed).toEqual(expect.any(String));
});

it.each(['ed25519', 'rsa', 'ecdsa'] as const)('logs in by an %s key', async (type) => {
  const options = { rsa: { bits: 2048 }, ecdsa: { bits: 256 as const }, ed25519: {} }[type];
  let pair;
  // See generateSshKey: one Ed25519 key in a few hundred cannot be read again.
  do pair = ssh2.utils.generateKeyPairSync(type as 'rsa', options as { bits: 2048 });
  while (ssh2.utils.parseKey(pair.private) instanceof Error);
  const fake = await fakeHost({ authorizedKeys: [pair.public], methods: ['publickey'] });
  const shell = await openSsh(targetOf(fake, { credential: { kind: 'key', privateKey: pair.private } }));
  expect((await shell.run(['id', '-u'])).stdout).toBe('0\n');
  await shell.close();
});

it('logs in by a key of ours, and by one in PEM form', async () => {
  const ours = generateSshKey('rackwright');
  expect(readSshKey(ours.privateKey, 'rackwright').publicKey).toBe(ours.publicKey);
  const pem = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;
  const fake = await fakeHost({
    authorizedKeys: [ours.publicKey, readSshKey(pem, '').publicKey],
    methods: ['publickey'],
  });
  for (const privateKey of [ours.privateKey, pem]) {
    await (await openSsh(targetOf(fake, { credential: { kind: 'key', privateKey } }))).close();
  }
  expect(fake.counts.logins).toBe(2);
});

it('answers keyboard-interactive by the password where password login is off', async () => {
  const fake = await fakeHost({ methods: ['keyboard-interactive'] });
  await (await openSsh(targetOf(fake))).close();
  expect(fake.counts.logins).toBe(1);
});

it('sends a wrong password once and says that it was refused, without quoting it', async () => {
  const fake = await fakeHost({ methods: ['password', 'keyboard-interactive'] });
  const password = 'canary-of-a-password';
  const error = await refusalOf(targetOf(fake, { credential: { kind: 'password', password } }));
  expect(error.code).toBe('login-refused');
  expect(fake.passwords).toEqual([password]);
  expect(JSON.stringify([error.message, error.data, error.stack, String(error.cause)])).not.toContain(
    password,
  );
});

it('names what a host takes when it takes no passwords, and refuses an unknown key', async () => {
  const fake = await fakeHost({ methods: ['publickey'] });
  const error = await refusalOf(targetOf(fake));
  expect(error.code).toBe('login-refused');
  expect(error.message).toContain('publickey');
  expect(fake.passwords).toEqual([]);
  const key = generateSshKey('x').privateKey;
  const second = await refusalOf(targetOf(fake, { credential: { kind: 'key', privateKey: key } }));
  expect(second.code).toBe('login-refused');
  expect(second.message).toContain('authorized_keys');
});

it('sends nothing secret to a host that shows another key', async () => {
  const fake = await fakeHost();
  const pinned = fake.hostKey();
  fake.changeHostKey();
  const error = await refusalOf(targetOf(fake, { hostKey: pinned }));
  expect(error.code).toBe('host-key-mismatch');
  expect(error.data['seen']).toBe(fake.hostKey());
  expect(error.message).toContain(pinned);
  expect(error.message).toContain(fake.hostKey());
  expect(fake.passwords).toEqual([]);
  await (await openSsh(targetOf(fake, { hostKey: fake.hostKey() }))).close();
});

it('says unreachable when nobody listens, and time-out when nobody talks', async () => {
  const fake = await fakeHost({ stall: true });
  const silent = await refusalOf(targetOf(fake, { connectTimeoutMs: 300 }));
  expect(silent.code).toBe('timeout');
  await fake.stopListening();
  const off = await refusalOf(targetOf(fake));
  expect(off.code).toBe('unreachable');
  expect(off.message).toContain('sshd');
});

it('runs as another user by sudo, and refuses one that has no sudo', async () => {
  const sudoer = await fakeHost({
    username: 'ops',
    run: async (command) => {
      await command.input();
      const isId = command.argv.join(' ') === 'id -u';
      command.print(isId ? (command.line.includes('sudo -n -- ') ? '0\n' : '1000\n') : command.line);
      command.exit(0);
    },
  });
  const shell = await openSsh(targetOf(sudoer));
  expect((await shell.run(['virsh', 'list'])).stdout).toMatch(/^sudo -n -- timeout .* virsh list$/);
  await shell.close();

  const plain = await fakeHost({
    username: 'guest',
    run: async (command) => {
      await command.input();
      command.print('1000\n', 'sudo: a password is required\n');
      command.exit(command.line.includes('sudo') ? 1 : 0);
    },
  });
  expect((await refusalOf(targetOf(plain))).code).toBe('not-root');
  expect(plain.counts.logins).toBe(1);
});

it('ends a login whose first command fails with a lost connection', async () => {
  const fake = await fakeHost();
  fake.behaviour.run = () => fake.drop();
  expect((await refusalOf(targetOf(fake))).code).toBe('closed');
  fake.behaviour.run = answering(() => ({}));
  await (await openSsh(targetOf(fake))).close();
});
