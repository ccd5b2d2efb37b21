import { getChannelAccess } from '../../../src/ipmi/commands/app/channel-access.ts';
import { getChannelInfo } from '../../../src/ipmi/commands/app/get-channel-info.ts';
import {
  type SetUserPasswordRequest,
  setUserPassword,
} from '../../../src/ipmi/commands/app/set-user-password.ts';
import { getUserAccess, setUserAccess } from '../../../src/ipmi/commands/app/user-access.ts';
import { getUserName, setUserName } from '../../../src/ipmi/commands/app/user-name.ts';
import { privilegeLevel } from '../../../src/ipmi/commands/privilege.ts';
import { type SimUser, userSlots } from '../config.ts';
import type { Turn } from '../state.ts';
import { type CommandRow, completion, type Refusal, refuse, row } from './row.ts';
import { isLanChannel, lanChannel } from './session.ts';

const noAccess = 0x0f;
const emptySlot: SimUser = { name: '', password: '', privilege: noAccess, enabled: false };

/** Completion codes of Set User Password. IPMI 2.0 §22.30 */
const own = { otherPassword: 0x80, otherSize: 0x81 } as const;
const shortPassword = 16;

/** An 802.3 LAN that speaks as IPMB does, with many sessions; the vendor is the IPMI Forum. IPMI 2.0 §22.24 */
const lan = { medium: 4, protocol: 1, sessionSupport: 2, vendor: 7154, auxiliary: 0 } as const;
const alwaysAvailable = 2;

const userAt = ({ bmc }: Turn, id: number): SimUser => bmc.users[id - 1] ?? emptySlot;
const isSlot = (id: number): boolean => id >= 1 && id <= userSlots;

function change(turn: Turn, id: number, patch: Partial<SimUser>): undefined {
  const length = Math.max(turn.bmc.users.length, id);
  turn.bmc.users = Array.from({ length }, (_, index) =>
    index === id - 1 ? { ...userAt(turn, id), ...patch } : userAt(turn, index + 1),
  );
  return undefined;
}

function setPassword(turn: Turn, request: SetUserPasswordRequest): Refusal | undefined {
  const { userId, operation, size } = request;
  if (!isSlot(userId)) return refuse(completion.invalidField);
  if (operation === 'disable' || operation === 'enable')
    return change(turn, userId, { enabled: operation === 'enable' });
  const given = new TextDecoder().decode(request.password);
  if (operation === 'set') return change(turn, userId, { password: given });
  const kept = userAt(turn, userId).password;
  if (size === shortPassword && new TextEncoder().encode(kept).length > shortPassword)
    return refuse(own.otherSize);
  return kept === given ? undefined : refuse(own.otherPassword);
}

/** Channels and users. IPMI 2.0 §22.22-22.30 */
export const userCommands: readonly CommandRow[] = [
  row(getChannelAccess, 'user', (_turn, { channel }) =>
    isLanChannel(channel)
      ? {
          alertingDisabled: false,
          perMessageAuthDisabled: false,
          userLevelAuthDisabled: false,
          mode: alwaysAvailable,
          privilege: privilegeLevel.administrator,
        }
      : refuse(completion.invalidField),
  ),
  row(getChannelInfo, 'user', ({ bmc }, channel) =>
    isLanChannel(channel)
      ? { channel: lanChannel, ...lan, activeSessions: bmc.sessions.length }
      : refuse(completion.invalidField),
  ),
  row(setUserAccess, 'administrator', (turn, { channel, userId, privilege }) =>
    isLanChannel(channel) && isSlot(userId)
      ? change(turn, userId, { privilege })
      : refuse(completion.invalidField),
  ),
  row(getUserAccess, 'operator', (turn, { channel, userId }) => {
    if (!isLanChannel(channel) || !isSlot(userId)) return refuse(completion.invalidField);
    const { privilege, enabled } = userAt(turn, userId);
    return {
      maxUsers: userSlots,
      enabledUsers: turn.bmc.users.filter((one) => one.enabled).length,
      fixedNames: 1,
      enabled: enabled ? ('enabled' as const) : ('disabled' as const),
      callbackOnly: false,
      linkAuthentication: false,
      ipmiMessaging: privilege !== noAccess,
      privilege,
    };
  }),
  row(setUserName, 'administrator', (turn, { userId, name }) =>
    // Slot 1 is the null user's for ever. IPMI 2.0 §6.9
    isSlot(userId) && userId !== 1 ? change(turn, userId, { name }) : refuse(completion.invalidField),
  ),
  row(getUserName, 'operator', (turn, userId) =>
    isSlot(userId) ? userAt(turn, userId).name : refuse(completion.invalidField),
  ),
  row(setUserPassword, 'administrator', setPassword),
];
