import { describe, expect, it } from 'vitest';
import { parseKickstart } from '../support/kickstart-check.ts';

describe('the kickstart checker refuses', () => {
  it.each([
    ['a command of no release', 'wipe --all', /no command wipe/],
    ['an option that RHEL 9 removed', 'ignoredisk --interactive', /no option --interactive/],
    ['an unknown option', 'network --bonding=bond0', /no option --bonding/],
    ['an option without its value', 'url --url=', /needs a value/],
    ['a flag with a value', 'clearpart --all=yes', /takes no value/],
    ['an argument too many', 'zerombr yes', /1 arguments/],
    ['rootpw without password', 'rootpw --iscrypted', /0 arguments/],
    ['two clearings', 'clearpart --all --linux', /two kinds/],
    [
      'a static network without address',
      'network --device=eth0 --bootproto=static --ip=192.0.2.1',
      /without address/,
    ],
    [
      'a bad address',
      'network --device=eth0 --bootproto=static --ip=192.0.2.1 --netmask=255',
      /bad value 255/,
    ],
    [
      'slaves by MAC',
      'network --device=b --bondslaves=52:54:00:00:00:01 --bondopts=mode=802.3ad,miimon=100',
      /names/,
    ],
    [
      'a bond option by number',
      'network --device=b --bondslaves=a --bondopts=mode=4,miimon=100',
      /bad value/,
    ],
    ['a VLAN name with two dots', 'network --device=a.b --vlanid=5 --interfacename=a.b.5', /no VLAN id/],
    [
      'a VLAN name vlanx.5',
      'network --device=vlanx --vlanid=5 --interfacename=vlanx.5',
      /goes on with an id/,
    ],
    ['a long interface name', 'network --device=enp129s0f1np1.4094', /bad value/],
    ['an open quote', "vnc --password='a", /closing quotation/],
    ['an open section', '%pre\nexit 0', /never closed/],
    ['a section in a section', '%pre\n%post\n%end', /%post within %pre/],
    ['an end of nothing', '%end', /without a section/],
    ['an unknown section', '%script\n%end', /no section/],
    ['an unknown option of a section', '%pre --nochroot\n%end', /no option --nochroot/],
    ['a command twice', 'reboot\nreboot', /reboot twice/],
  ])('%s', (_what, text, complaint) => {
    expect(() => parseKickstart(text)).toThrow(complaint);
  });

  it('and reads what the included files say', () => {
    const read = parseKickstart('%include /tmp/a.ks\nreboot\n', { '/tmp/a.ks': '# note\nzerombr\n' });
    expect(read.commands.map(({ name }) => name)).toEqual(['zerombr', 'reboot']);
    expect(() => parseKickstart('%include /tmp/a.ks', { '/tmp/a.ks': 'nonsense' })).toThrow(
      /line 1: no command/,
    );
  });
});
