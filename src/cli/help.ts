import type { Command } from './command.ts';

/** The first words of commands, as the short help has them. */
const groups: readonly (readonly [string, string])[] = [
  ['serve', 'run the server [--config FILE]'],
  ['login', 'begin a session'],
  ['logout', 'end it'],
  ['pxe', 'DHCP, TFTP and boot HTTP on an interface'],
  ['chassis', 'machines'],
  ['hostcfg', 'what a machine shall become'],
  ['image', 'what machines are installed from'],
  ['why', 'what a machine did, and why it stopped'],
  ['console', 'the serial console of a machine or VM, in this terminal'],
  ['seen', 'machines that asked for a boot and are not known'],
  ['host', 'KVM hosts'],
  ['vm', 'virtual machines'],
  ['pci', 'PCI devices of hosts'],
  ['iommu', 'what PCI devices need to be given away'],
  ['usb', 'USB devices of hosts and of viewers'],
  ['tag', 'tags of machines'],
  ['zone', 'halls and the like'],
  ['cluster', 'racks and the like'],
  ['notifications', 'what a person should see'],
  ['audit', 'who changed what'],
  ['settings', 'settings of the server'],
  ['account', 'who may log in'],
  ['user', 'users of an account'],
];

const footer = [
  'The server is --url, RACKWRIGHT_URL, the one of the last login, or http://127.0.0.1:8080.',
  'A machine, host, VM or device is given by its name or uuid. Exit status: 0 done, 1 refused or failed,',
  '2 wrong usage, 3 server not reached, 4 not logged in, 5 still running.',
];

const page = (lines: readonly string[], tips: readonly string[] = []): string =>
  [
    'rackwright: turns racked servers into installed hosts',
    '',
    'usage: rackwright <command> [--json] [--url URL] [--help]',
    '',
    ...lines,
    '',
    ...tips,
    ...footer,
  ].join('\n');

/** The help that fits on a screen: a line for each group, with its verbs. */
export function renderShortHelp(commands: readonly Command[]): string {
  const lines = groups.map(([group, about]) => {
    const verbs = commands
      .filter(({ name }) => name.startsWith(`${group} `))
      .map(({ name }) => name.slice(group.length + 1));
    return `  ${group.padEnd(15)}${about}${verbs.length === 0 ? '' : `: ${verbs.join(', ')}`}`;
  });
  return page(lines, ['rackwright <command> --help tells more, e.g. rackwright chassis --help.']);
}

/** The help of some commands, with their options. */
export function renderHelp(shown: readonly Command[]): string {
  return page(shown.flatMap(({ usage, about }) => [`  ${usage}`, `      ${about}`]));
}
