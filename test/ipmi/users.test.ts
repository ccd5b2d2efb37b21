import { describe, expect, it } from 'vitest';
import { readLanConfig } from '../../src/ipmi/lan-config.ts';
import { readUsers } from '../../src/ipmi/users.ts';
import { golden } from './commands/golden.ts';
import { boardOf, executeOn } from './commands/replay.ts';

const levels: Readonly<Record<number, string>> = {
  2: 'USER',
  3: 'OPERATOR',
  4: 'ADMINISTRATOR',
  15: 'NO ACCESS',
};

describe('users', () => {
  it('are those that ipmitool lists', async () => {
    const { users, maxUsers } = await readUsers(executeOn(boardOf('users')), 1);
    const rows = golden('users').text.trimEnd().split('\n').slice(1);
    expect(users.length).toBe(maxUsers);
    for (const row of rows) {
      const [, id, name = '', callIn, link, messaging, level] =
        /^(\d+) +(\S+)? *(true|false) +(true|false) +(true|false) +(.+?) *$/.exec(row) ?? [];
      const user = users.find((one) => String(one.id) === id);
      expect([id, user?.name, !user?.callbackOnly, user?.linkAuthentication, user?.ipmiMessaging]).toEqual([
        id,
        name,
        callIn === 'true',
        link === 'true',
        messaging === 'true',
      ]);
      expect(levels[user?.privilege ?? 0] ?? 'Unknown (0x00)').toBe(level);
    }
    expect(rows.length).toBeGreaterThan(60);
  });

  it('ids that the BMC refuses are left out', async () => {
    const execute = executeOn((_netFn, cmd, data) => {
      if (cmd === 0x46) return 0xcc;
      return data[1] === 2 ? 0xcc : Uint8Array.of(3, 0x41, 0, 0x14);
    });
    const { users } = await readUsers(execute, 1);
    expect(users.map(({ id, name }) => [id, name])).toEqual([
      [1, ''],
      [3, ''],
    ]);
  });
});

describe('LAN settings', () => {
  it.each(['lan', 'own-lan'])('are those that ipmitool prints: %s', async (name) => {
    const config = await readLanConfig(executeOn(boardOf(name)), 1);
    const said = new Map(
      golden(name)
        .text.split('\n')
        .map((line) => /^([^:]+?) *: (.*)$/.exec(line))
        .filter((match) => match !== null)
        .map(([, key = '', value = '']) => [key, value.trim()] as const),
    );
    const sources = {
      unspecified: 'Unspecified',
      static: 'Static Address',
      dhcp: 'DHCP Address',
      bios: '',
      other: '',
    };
    expect(config.ipAddress).toBe(said.get('IP Address'));
    expect(sources[config.ipSource ?? 'other']).toBe(said.get('IP Address Source'));
    expect(config.netmask).toBe(said.get('Subnet Mask'));
    expect(config.mac).toBe(said.get('MAC Address'));
    expect(config.gateway).toBe(said.get('Default Gateway IP'));
    expect(config.vlanId).toBeUndefined();
    expect(said.get('802.1q VLAN ID')).toBe('Disabled');
    expect(config.cipherSuites.map(({ id }) => id).join(',')).toBe(said.get('RMCP+ Cipher Suites'));
    const letters = ['X', 'c', 'u', 'o', 'a', 'O'];
    const privileges = config.cipherSuites.map(({ privilege }) => letters[privilege ?? 0] ?? '?').join('');
    // ipmitool always prints fifteen or sixteen levels.
    expect(said.get('Cipher Suite Priv Max')?.startsWith(privileges)).toBe(true);
  });

  it('what the BMC does not tell, or tells in too few bytes, is undefined', async () => {
    const none = await readLanConfig(
      executeOn(() => 0x80),
      1,
    );
    expect(none).toMatchObject({ ipAddress: undefined, mac: undefined, cipherSuites: [] });
    const short = await readLanConfig(
      executeOn(() => Uint8Array.of(0x11, 1)),
      1,
    );
    expect(short).toMatchObject({
      ipAddress: undefined,
      mac: undefined,
      ipSource: 'static',
      cipherSuites: [],
    });
  });
});
