import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderPlanScript } from '../../src/hostcfg/plan-script.ts';
import { needRoot, needTools } from '../support/need.ts';
import { runScript, shells, shellTools, temporaryFolder } from '../support/shells.ts';
import { bondedInput } from './samples.ts';

const namespace = `rwks${process.pid}`;
const ip = (...args: readonly string[]): void => {
  execFileSync('ip', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
};

describe.skipIf(!needRoot() || !needTools(...shellTools, { tool: 'ip', package: 'iproute2' }))(
  'the plan script on the interfaces of a kernel',
  () => {
    const names = ['alpha', 'b-ravo', 'charlie.1', 'delta_2', 'echoechoechoech'];
    beforeAll(() => {
      ip('netns', 'add', namespace);
      // A bridge first: interfaces are listed by name, and it borrows the MAC of its first port.
      ip('-n', namespace, 'link', 'add', 'aaa', 'type', 'bridge');
      // veth stands for a NIC: every kernel that runs containers has it.
      for (const [index, name] of names.entries()) {
        ip('-n', namespace, 'link', 'add', name, 'type', 'veth', 'peer', 'name', `peer${index}`);
        ip('-n', namespace, 'link', 'set', name, 'address', `52:54:00:00:00:0${index + 1}`);
      }
      ip('-n', namespace, 'link', 'set', 'alpha', 'master', 'aaa');
      ip(
        '-n',
        namespace,
        'link',
        'add',
        'link',
        'b-ravo',
        'name',
        'aab',
        'type',
        'macvlan',
        'mode',
        'passthru',
      );
    });
    afterAll(() => ip('netns', 'del', namespace));

    it.each(shells)('in %s finds each by its MAC', async (_name, ...command) => {
      const folder = temporaryFolder();
      const result = await runScript(
        ['ip', 'netns', 'exec', namespace, ...command],
        renderPlanScript(bondedInput.network, false, undefined),
        folder,
        { RACKWRIGHT_OUT: folder, RACKWRIGHT_WAIT: '0' },
      );
      const lines = readFileSync(join(folder, 'rackwright-network.ks'), 'utf8').split('\n');
      rmSync(folder, { recursive: true });
      expect(result).toMatchObject({ status: 0, stderr: '' });
      expect(lines.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
        'network --device=alpha --bootproto=static',
        'network --device=b-ravo --noipv4',
        'network --device=bond0 --bondslaves=charlie.1,delta_2',
        'network --device=storage --bondslaves=echoechoechoech',
        'network --device=storage --vlanid=100',
        'network --device=b-ravo --vlanid=4094',
        '',
      ]);
    });
  },
);
