/** Named deviations of BMCs, most by the names that FreeIPMI gives them, and what each makes this client do. docs/quirks.md */
export const quirkNames = {
  authcap: 'do not believe Get Channel Authentication Capabilities: versions, K_G, authentication types',
  opensesspriv: 'ask for the privilege level in Open Session already; the BMC puts that one into its hashes',
  intel20:
    'opensesspriv; user name filled up to 16 bytes, but RAKP 3 made of the plain name and level; 16 bytes of the password with HMAC-MD5',
  supermicro20: 'the code in RAKP 2 is one byte too long',
  sun20: 'opensesspriv; the code in RAKP 2 is one byte too long',
  nochecksumcheck: 'checksums inside replies are wrong; the session still proves who sent them',
  endianseq: 'IPMI 1.5 session sequence numbers are big-endian',
  forcepermsg: 'IPMI 1.5: authenticate every message, whatever the BMC says',
} as const;

export type QuirkName = keyof typeof quirkNames;

/** What the quirks of a profile change. */
export interface QuirkEffects {
  readonly distrustCapabilities: boolean;
  readonly privilegeInOpenSession: boolean;
  readonly padUsername: boolean;
  readonly shortMd5Password: boolean;
  readonly longRakp2Code: boolean;
  readonly ignoreChecksums: boolean;
  readonly bigEndianSequence: boolean;
  readonly forcePerMessageAuth: boolean;
}

/** The effects of some quirks together. */
export function quirkEffects(names: readonly QuirkName[] = []): QuirkEffects {
  const any = (...wanted: readonly QuirkName[]): boolean => wanted.some((name) => names.includes(name));
  return {
    distrustCapabilities: any('authcap'),
    privilegeInOpenSession: any('opensesspriv', 'intel20', 'sun20'),
    padUsername: any('intel20'),
    shortMd5Password: any('intel20'),
    longRakp2Code: any('supermicro20', 'sun20'),
    ignoreChecksums: any('nochecksumcheck'),
    bigEndianSequence: any('endianseq'),
    forcePerMessageAuth: any('forcepermsg'),
  };
}
