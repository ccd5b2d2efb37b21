import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

/** A user (1 to 63) on a channel. IPMI 2.0 §22.27 */
export interface GetUserAccessRequest {
  readonly channel: number;
  readonly userId: number;
}

/** What a user may do on a channel. IPMI 2.0 §22.26, §22.27 */
export interface UserAccess {
  /** May log in only during a call-back. */
  readonly callbackOnly: boolean;
  readonly linkAuthentication: boolean;
  /** May log in for IPMI messages at all. */
  readonly ipmiMessaging: boolean;
  /** Highest level, 4 bits; 15 is no access. */
  readonly privilege: number;
}

/** Counts of the whole channel and the access of the one user. IPMI 2.0 §22.27, table 22-33 */
export interface GetUserAccessReply extends UserAccess {
  readonly maxUsers: number;
  readonly enabledUsers: number;
  /** Users with names that cannot be changed. */
  readonly fixedNames: number;
  /** Older BMCs do not say. */
  readonly enabled: 'unspecified' | 'enabled' | 'disabled';
}

const enableStates = ['unspecified', 'enabled', 'disabled'] as const;

const accessBits = (access: UserAccess): number =>
  (access.callbackOnly ? 0x40 : 0) |
  (access.linkAuthentication ? 0x20 : 0) |
  (access.ipmiMessaging ? 0x10 : 0);

const readAccessBits = (byte: number): Omit<UserAccess, 'privilege'> => ({
  callbackOnly: (byte & 0x40) !== 0,
  linkAuthentication: (byte & 0x20) !== 0,
  ipmiMessaging: (byte & 0x10) !== 0,
});

/** Get User Access. IPMI 2.0 §22.27 */
export const getUserAccess: Command<GetUserAccessRequest, GetUserAccessReply> = {
  name: 'Get User Access',
  netFn: netFn.app,
  cmd: 0x44,
  encodeRequest: (request) =>
    new ByteWriter(2)
      .u8(request.channel & 0x0f)
      .u8(request.userId & 0x3f)
      .done(),
  decodeRequest(data) {
    const r = new ByteReader(data);
    return { channel: r.u8('userAccess.channel') & 0x0f, userId: r.u8('userAccess.userId') & 0x3f };
  },
  encodeReply: (reply) =>
    new ByteWriter(4)
      .u8(reply.maxUsers & 0x3f)
      .u8((enableStates.indexOf(reply.enabled) << 6) | (reply.enabledUsers & 0x3f))
      .u8(reply.fixedNames & 0x3f)
      .u8(accessBits(reply) | (reply.privilege & 0x0f))
      .done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    const maxUsers = r.u8('userAccess.maxUsers') & 0x3f;
    const counts = r.u8('userAccess.enabledUsers');
    const fixedNames = r.u8('userAccess.fixedNames') & 0x3f;
    const access = r.u8('userAccess.access');
    return {
      maxUsers,
      enabledUsers: counts & 0x3f,
      enabled: enableStates[counts >> 6] ?? 'unspecified',
      fixedNames,
      ...readAccessBits(access),
      privilege: access & 0x0f,
    };
  },
};

/** Sets a privilege level, and the access bits unless `access` is left out. IPMI 2.0 §22.26 */
export interface SetUserAccessRequest extends GetUserAccessRequest {
  readonly access: Omit<UserAccess, 'privilege'> | undefined;
  readonly privilege: number;
  /** Sessions that the user may have at once; 0: as many as the channel allows. */
  readonly sessionLimit: number;
}

/** Set User Access. IPMI 2.0 §22.26 */
export const setUserAccess: Command<SetUserAccessRequest, undefined> = {
  name: 'Set User Access',
  netFn: netFn.app,
  cmd: 0x43,
  encodeRequest: ({ access, channel, userId, privilege, sessionLimit }) =>
    new ByteWriter(4)
      .u8((access ? 0x80 | accessBits({ ...access, privilege }) : 0) | (channel & 0x0f))
      .u8(userId & 0x3f)
      .u8(privilege & 0x0f)
      .u8(sessionLimit & 0x0f)
      .done(),
  decodeRequest(data) {
    const r = new ByteReader(data);
    const first = r.u8('userAccess.channel');
    return {
      access: (first & 0x80) === 0 ? undefined : readAccessBits(first),
      channel: first & 0x0f,
      userId: r.u8('userAccess.userId') & 0x3f,
      privilege: r.u8('userAccess.privilege') & 0x0f,
      sessionLimit: r.remaining > 0 ? r.u8('userAccess.sessionLimit') & 0x0f : 0,
    };
  },
  encodeReply: nothing.encode,
  decodeReply: nothing.decode,
};
