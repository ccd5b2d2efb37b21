import { describe, expect, it } from 'vitest';
import { diagnose } from '../../src/provision/run/diagnosis.ts';
import { consoleSignText, findConsoleSign } from '../../src/provision/run/console-signs.ts';
import { step } from '../../src/provision/run/transitions.ts';
import { newRun } from '../support/runs.ts';

const context = { strangers: [], serverRunning: true };

describe('a known fault on a console', () => {
  it.each([
    ['PXE-E61: Media test failure, check cable', 'PXE-E61', /cable/],
    ['  PXE-E12: Could not detect network connection.', 'PXE-E12', /cable/],
    ['PXE-E51: No DHCP or proxyDHCP offers were received.', 'PXE-E51', /spanning tree/],
    ['  PXE-E16: No valid offer received.', 'PXE-E16', /other DHCP server/],
    ['PXE-E53: No boot filename received', 'PXE-E53', /dhcpMode.*proxy/],
    ['PXE-E55: ProxyDHCP service did not reply to request on port 4011', 'PXE-E55', /4011/],
    ['PXE-E32: TFTP open timeout', 'tftp-timeout', /UDP port 69/],
    ['PXE-E35: TFTP read timeout', 'tftp-timeout', /UDP port 69/],
    ['  PXE-E18: Server response timeout.', 'PXE-E18', /ports 69 and 4011/],
    ['PXE-T01: File not found', 'tftp-error', /boot file/],
    ['  PXE-E23: Client received TFTP error from server.', 'tftp-error', /boot file/],
    ['Secure Boot Violation', 'secure-boot', /Secure Boot off/],
    ['Verification failed: (0x1A) Security Violation', 'secure-boot', /Secure Boot off/],
    [
      'http://192.0.2.1:8081/boot/x/boot.ipxe... No such file or directory (https://ipxe.org/2d0c618e)',
      'ipxe-no-such-file',
      /provision again/,
    ],
    ['Could not boot: Connection timed out (http://ipxe.org/4c106035)', 'ipxe-timeout', /boot port/],
    ['Permission denied (https://ipxe.org/0216eb3c)', 'ipxe-refused', /refusals in the timeline/],
    ['No configuration methods succeeded (https://ipxe.org/040ee119)', 'ipxe-no-network', /switch port/],
    ['Could not boot: Exec format error (https://ipxe.org/2e008081)', 'ipxe-exec-format', /image/],
    ['VFS: Unable to mount root fs on unknown-block(0,0)', 'no-root', /initrd/],
    ['[    1.5] Kernel panic - not syncing: Attempted to kill init!', 'kernel-panic', /hardware/],
    ['Out of memory: Killed process 12', 'out-of-memory', /memory/],
    [
      'dracut-initqueue[455]: Warning: dracut-initqueue timeout - starting timeout scripts',
      'dracut-timeout',
      /driver for the boot NIC/,
    ],
    [
      'Warning: anaconda: failed to fetch kickstart from http://x/ks.cfg',
      'kickstart-unreachable',
      /boot port/,
    ],
    ['Error setting up base repository', 'installer-source', /install source/],
    ['No bootable device.', 'no-bootable-device', /firmware setup/],
    ['BdsDxe: No bootable option or device was found.', 'no-bootable-device', /firmware setup/],
  ])('%s', (line, name, hint) => {
    expect(findConsoleSign(['before', line, 'after'])).toBe(name);
    expect(consoleSignText(name)).toMatch(hint);
  });

  it('is the newest one, and the cause rather than what followed from it', () => {
    expect(findConsoleSign(['PXE-E51: x', 'PXE-E53: x'])).toBe('PXE-E53');
    expect(findConsoleSign(['PXE-E53: x', 'No bootable device.'])).toBe('PXE-E53');
    expect(findConsoleSign(['failed to fetch kickstart from x', 'dracut-initqueue timeout'])).toBe(
      'kickstart-unreachable',
    );
    expect(findConsoleSign(['dracut-initqueue timeout', 'No bootable device.'])).toBe('no-bootable-device');
  });

  it('is not that UEFI tried IPv6 too', () => {
    const tried = ['>>Start PXE over IPv4.', 'PXE-E18: x', '>>Start PXE over IPv6.', 'PXE-E16: x'];
    expect(findConsoleSign(tried)).toBe('PXE-E18');
    expect(findConsoleSign(tried.slice(2))).toBeUndefined();
    expect(findConsoleSign([...tried, '>>Start PXE over IPv4.', 'PXE-E53: x'])).toBe('PXE-E53');
  });

  it('is not in what a healthy machine prints', () => {
    const healthy = [
      'SeaBIOS (version 1.16.3)',
      'iPXE 1.21.1 -- Open Source Network Boot Firmware',
      'net0: 52:54:00:00:00:01 using virtio-net on 0000:00:03.0 [open]',
      'Configuring (net0 52:54:00:00:00:01)...... ok',
      'http://192.0.2.1:8081/boot/x/vmlinuz... ok',
      '[  OK  ] Reached target Basic System.',
    ];
    expect(findConsoleSign(healthy)).toBeUndefined();
    expect(consoleSignText('of a later version')).toBeUndefined();
  });
});

describe('the diagnosis of a late stage', () => {
  const run = newRun('inspect', { stage: 'awaiting-dhcp' });
  const looked = (sign: Parameters<typeof findConsoleSign>[0]) =>
    step(run, { type: 'looked', console: sign, sign: findConsoleSign(sign), screen: undefined }, 2000, '');

  it('says what the packets tell and what the console shows', () => {
    const { run: after, lines, durable } = looked(['PXE-E61: Media test failure, check cable']);
    expect(after).toEqual({ ...run, evidence: { ...run.evidence, consoleSign: 'PXE-E61' } });
    expect([lines.map((line) => line.step), durable]).toEqual([['console', 'console'], true]);
    const cause = diagnose(after, context);
    expect(cause.startsWith(diagnose(run, context))).toBe(true);
    expect(cause).toMatch(/its console shows PXE-E61: .*check its cable/);
  });

  it('says no more than the packets where nobody looked, or nothing known was seen', () => {
    expect(diagnose(looked(['Press any key']).run, context)).toBe(diagnose(run, context));
    // The machine got over it.
    const before = looked(['PXE-E61: x']).run;
    const after = step(
      before,
      { type: 'looked', console: ['ok'], sign: undefined, screen: undefined },
      3000,
      '',
    );
    expect(diagnose(after.run, context)).toBe(diagnose(run, context));
    // Only a picture: what was read before still holds.
    const pictured = step(
      before,
      { type: 'looked', console: undefined, sign: undefined, screen: '/x' },
      3000,
      '',
    );
    expect(pictured.lines).toEqual([{ step: 'screen', text: 'the screen as it was then: /x' }]);
    expect(pictured.run.evidence.consoleSign).toBe('PXE-E61');
  });

  it('tells that nothing came over the console, and that is no progress', () => {
    const { run: after, lines } = looked([]);
    expect(lines).toEqual([{ step: 'console', text: 'nothing came over the serial console' }]);
    expect([after.stage, after.stageSince]).toEqual([run.stage, run.stageSince]);
  });
});
