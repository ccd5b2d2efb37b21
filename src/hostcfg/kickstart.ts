import { planFolder, renderPlanScript } from './plan-script.ts';
import { kickstartQuote } from './quote.ts';
import { renderBeginScript, renderEndScript, renderErrorScript } from './report-script.ts';
import { HostCfgError, type KickstartInput } from './types.ts';

const patterns = {
  /** RFC 1123 §2.1; Linux takes 64 characters (HOST_NAME_MAX). */
  hostname:
    /^(?=.{1,64}$)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/,
  rootPasswordCrypt: /^\$6\$(?:rounds=\d{4,9}\$)?[./A-Za-z0-9]{0,16}\$[./A-Za-z0-9]{86}$/,
  /** Anaconda refuses fewer than six characters, VNC authentication ignores those after the eighth. RFC 6143 §7.2.2 */
  vncPassword: /^[!-~]{6,8}$/,
  installUrl: /^(?:https?|ftp):\/\/[!-~]{1,2000}$/,
  beginUrl: /^https?:\/\/[!-~]{1,2000}$/,
  endUrl: /^https?:\/\/[!-~]{1,2000}$/,
  failedUrl: /^https?:\/\/[!-~]{1,2000}$/,
} as const;

/** Throws HostCfgError that names the input, without its value: some are secrets. */
function check(input: KickstartInput): void {
  for (const name of Object.keys(patterns) as (keyof typeof patterns)[]) {
    const value = input[name];
    if (value !== undefined && !patterns[name].test(value)) {
      throw new HostCfgError('invalid', `${name} does not fit into a kickstart`, { data: { path: name } });
    }
  }
}

function section(header: string, body: string): string {
  return `%${header}\n${body}\n%end\n`;
}

function commands(input: KickstartInput): string[] {
  const option = (name: string, value: string): string => `--${name}=${kickstartQuote(value)}`;
  const lines = ['# Rendered by Rackwright for one machine and one installation.'];
  // Text mode cannot be watched over VNC.
  if (input.vnc) {
    lines.push('graphical');
    lines.push(input.vncPassword === undefined ? 'vnc' : `vnc ${option('password', input.vncPassword)}`);
  } else {
    lines.push('text');
  }
  lines.push('lang en_US.UTF-8', 'keyboard --vckeymap=us', 'timezone UTC --utc');
  lines.push(
    input.rootPasswordCrypt === undefined
      ? 'rootpw --lock'
      : `rootpw --iscrypted ${kickstartQuote(input.rootPasswordCrypt)}`,
  );
  if (input.installUrl !== undefined) lines.push(`url ${option('url', input.installUrl)}`);
  lines.push('firstboot --disable', 'skipx', `%include ${planFolder}/rackwright-network.ks`);
  // Last of the network lines: Anaconda gives the first one a device when it names none.
  if (input.hostname !== undefined) lines.push(`network ${option('hostname', input.hostname)}`);
  // Attended, a person chooses the disks on the screen; nothing here may erase one before.
  lines.push(
    input.unattended ? `%include ${planFolder}/rackwright-disk.ks` : 'bootloader --location=mbr',
    'reboot',
  );
  return lines;
}

/**
 * The kickstart of one installation for RHEL 8 and 9 and their relatives. The same input gives the same text.
 * Throws HostCfgError when a value fits no kickstart.
 */
export function renderKickstart(input: KickstartInput): string {
  check(input);
  const plan = renderPlanScript(input.network, input.unattended, input.failedUrl);
  const sections = [
    section('packages', '@^minimal-environment'),
    section(
      'pre --interpreter=/bin/sh --erroronfail --log=/tmp/rackwright-begin.log',
      renderBeginScript(input.beginUrl),
    ),
    section('pre --interpreter=/bin/sh --erroronfail --log=/tmp/rackwright-plan.log', plan),
    // Outside of the new system, which need not have curl or wget.
    section(
      'post --nochroot --interpreter=/bin/sh --erroronfail --log=/tmp/rackwright-end.log',
      renderEndScript(input.endUrl),
    ),
  ];
  if (input.failedUrl !== undefined) {
    sections.push(
      section(
        'onerror --interpreter=/bin/sh --log=/tmp/rackwright-error.log',
        renderErrorScript(input.failedUrl),
      ),
    );
  }
  return `${commands(input).join('\n')}\n\n${sections.join('\n')}`;
}
