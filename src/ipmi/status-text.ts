import { IpmiError, type IpmiErrorCode } from './types.ts';

type Meaning = readonly [code: IpmiErrorCode, text: string];

/** RMCP+ and RAKP status codes. IPMI 2.0 §13.24, table 13-15 */
const rakpStatuses: ReadonlyMap<number, Meaning> = new Map([
  [
    0x01,
    [
      'out-of-sessions',
      'the BMC has no free session; close other sessions or wait a minute for them to expire',
    ],
  ],
  [0x02, ['no-answer', 'the BMC does not know the login that was under way; it restarted or was too slow']],
  [0x03, ['bad-reply', 'the BMC does not accept this kind of message (invalid payload type)']],
  [0x04, ['suite-refused', 'the BMC does not accept the authentication algorithm of the cipher suite']],
  [0x05, ['suite-refused', 'the BMC does not accept the integrity algorithm of the cipher suite']],
  [0x06, ['suite-refused', 'the BMC has no matching authentication payload']],
  [0x07, ['suite-refused', 'the BMC has no matching integrity payload']],
  [0x08, ['no-answer', 'the BMC has dropped the login that was under way (inactive session id)']],
  [0x09, ['auth-failed', 'the BMC does not know the wished privilege level (invalid role)']],
  [0x0a, ['auth-failed', 'the user has no right to the wished privilege level on this channel']],
  [0x0b, ['out-of-sessions', 'the BMC has no free session at the wished privilege level']],
  [0x0c, ['auth-failed', 'the BMC does not accept a user name of this length']],
  [0x0d, ['auth-failed', 'the user does not exist on the BMC or has no access to this channel']],
  [0x0e, ['auth-failed', 'the BMC refused the login (unauthorised GUID)']],
  [0x0f, ['auth-failed', 'the BMC refused the proof of the password (invalid integrity check value)']],
  [0x10, ['suite-refused', 'the BMC does not accept the encryption of the cipher suite']],
  [0x11, ['suite-refused', 'the cipher suite is switched off on the BMC']],
  [0x12, ['bad-reply', 'the BMC calls the login message malformed (illegal parameter)']],
]);

/** Generic completion codes. IPMI 2.0 §5.2, table 5-2 */
const completionCodes: ReadonlyMap<number, Meaning> = new Map([
  [0xc0, ['busy', 'the BMC is busy']],
  [0xc1, ['command-failed', 'the BMC does not know this command']],
  [0xc2, ['command-failed', 'the BMC does not know this command for this unit (LUN)']],
  [0xc3, ['busy', 'the BMC ran out of time with this command']],
  [0xc4, ['command-failed', 'the BMC is out of space']],
  [0xc5, ['command-failed', 'the reservation was cancelled or is invalid']],
  [0xc6, ['command-failed', 'the BMC calls the request cut short']],
  [0xc7, ['command-failed', 'the BMC expects another request length']],
  [0xc8, ['command-failed', 'the request is longer than the BMC allows']],
  [0xc9, ['command-failed', 'a parameter is out of range']],
  [0xca, ['command-failed', 'the BMC cannot return that many bytes']],
  [0xcb, ['command-failed', 'the BMC has no such sensor, record or data']],
  [0xcc, ['command-failed', 'the BMC refuses a field of the request']],
  [0xcd, ['command-failed', 'the command is illegal for this sensor or record']],
  [0xce, ['command-failed', 'the BMC could not provide an answer']],
  [0xcf, ['command-failed', 'the BMC calls the request a duplicate']],
  [0xd0, ['busy', 'the BMC updates its sensor records']],
  [0xd1, ['busy', 'the BMC is in firmware update']],
  [0xd2, ['busy', 'the BMC is still starting']],
  [0xd3, ['command-failed', 'the destination of the command is unavailable']],
  [0xd4, ['privilege', 'the user has no right to this command, or it is blocked by the firmware firewall']],
  [0xd5, ['command-failed', 'the BMC cannot do this in the present state']],
  [0xd6, ['command-failed', 'the function is switched off on the BMC']],
  [0xff, ['command-failed', 'the BMC gives no reason']],
]);

const unsupported: Meaning = ['command-failed', 'the BMC does not support this parameter'];
const erasing: Meaning = ['command-failed', 'the event log is being erased; try again in a moment'];

/**
 * Codes that a command gives a meaning of its own, by command name. IPMI 2.0 §22.18, §22.19, §22.22, §22.30, §23.1, §23.2, §24.1, §24.2,
 * §26.2, §26.3, §28.12, §28.13, §31.2, §31.5, §34.2
 */
const commandCodes: ReadonlyMap<string, ReadonlyMap<number, Meaning>> = new Map([
  [
    'Set Session Privilege Level',
    new Map<number, Meaning>([
      [0x80, ['privilege', 'the privilege level is not available to this user']],
      [0x81, ['privilege', 'the privilege level is above what this user or channel may have']],
      [0x82, ['privilege', 'the user-level login cannot be switched off']],
    ]),
  ],
  [
    'Get Session Challenge',
    new Map<number, Meaning>([
      [0x81, ['auth-failed', 'the user does not exist on the BMC or has no access to this channel']],
      [0x82, ['auth-failed', 'the BMC takes no login without a user name']],
    ]),
  ],
  [
    'Activate Session',
    new Map<number, Meaning>([
      [0x81, ['out-of-sessions', 'the BMC has no free session; close others or wait a minute']],
      [0x82, ['out-of-sessions', 'the BMC has no free session for this user']],
      [0x83, ['out-of-sessions', 'the BMC has no free session at the wished privilege level']],
      [0x84, ['bad-reply', 'the BMC does not accept the session sequence number']],
      [0x85, ['no-answer', 'the BMC has dropped the login that was under way']],
      [0x86, ['auth-failed', 'the user has no right to the wished privilege level on this channel']],
    ]),
  ],
  [
    'Close Session',
    new Map<number, Meaning>([[0x87, ['command-failed', 'the BMC does not know the session']]]),
  ],
  [
    'Set System Boot Options',
    new Map<number, Meaning>([
      [0x80, ['command-failed', 'the BMC does not support this boot parameter']],
      [0x81, ['command-failed', 'another program is setting boot parameters']],
      [0x82, ['command-failed', 'the boot parameter is read-only']],
    ]),
  ],
  [
    'Get System Boot Options',
    new Map<number, Meaning>([[0x80, ['command-failed', 'the BMC does not support this boot parameter']]]),
  ],
  [
    'Set User Password',
    new Map<number, Meaning>([
      [0x80, ['command-failed', 'the password is another one']],
      [
        0x81,
        ['command-failed', 'the password is right, but was stored with the other size (16 or 20 bytes)'],
      ],
    ]),
  ],
  [
    'Activate Payload',
    new Map<number, Meaning>([
      [0x80, ['command-failed', 'the payload is active in another session']],
      [0x81, ['command-failed', 'the payload is switched off on the BMC']],
      [0x82, ['out-of-sessions', 'the BMC has no room for another payload of this kind']],
      [0x83, ['command-failed', 'the BMC cannot activate the payload with encryption']],
      [0x84, ['command-failed', 'the BMC cannot activate the payload without encryption']],
    ]),
  ],
  [
    'Deactivate Payload',
    new Map<number, Meaning>([
      [0x80, ['command-failed', 'the payload is not active']],
      [0x81, ['command-failed', 'the payload is switched off on the BMC']],
    ]),
  ],
  ['Get SEL Entry', new Map([[0x81, erasing]])],
  ['Get SEL Info', new Map([[0x81, erasing]])],
  [
    'Read FRU Data',
    new Map<number, Meaning>([[0x81, ['command-failed', 'the FRU memory is busy; try again in a moment']]]),
  ],
  ['Get LAN Configuration Parameters', new Map([[0x80, unsupported]])],
  ['Get SOL Configuration Parameters', new Map([[0x80, unsupported]])],
  [
    'Set SOL Configuration Parameters',
    new Map<number, Meaning>([
      [0x80, unsupported],
      [0x81, ['command-failed', 'another program is setting these parameters']],
      [0x82, ['command-failed', 'the parameter is read-only']],
    ]),
  ],
  [
    'Set Channel Access',
    new Map<number, Meaning>([
      [0x82, ['command-failed', 'the channel does not support this access mode']],
      [0x83, ['command-failed', 'the channel does not support these settings']],
    ]),
  ],
]);

const hex = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

/** The error that an RMCP+ or RAKP status other than 0 stands for; `data.rakpStatus` has the number. */
export function rakpFailure(status: number, username: string, suite: number): IpmiError {
  const [code, text] = rakpStatuses.get(status) ?? [
    'bad-reply',
    'the BMC refused the login with an unknown status',
  ];
  const named = text.replace('the cipher suite', `cipher suite ${suite}`);
  return new IpmiError(code, `login as "${username}": ${named} (status ${hex(status)})`, {
    data: { rakpStatus: status },
  });
}

/** The error that a completion code other than 0 stands for; `data.completionCode` has the number. */
export function completionFailure(command: string, completionCode: number): IpmiError {
  const [code, text] = commandCodes.get(command)?.get(completionCode) ??
    completionCodes.get(completionCode) ?? ['command-failed', 'the BMC refused it for a reason of its own'];
  return new IpmiError(code, `${command}: ${text} (completion code ${hex(completionCode)})`, {
    data: { completionCode },
  });
}
