/** A block of bytes that `ipmitool -vvvvv` prints: its title and its bytes in hex. */
export interface TraceBlock {
  readonly title: string;
  readonly hex: string;
}

/** What ipmitool 1.8.19 sent, received and computed in one run against an IPMI 2.0 BMC with an encrypting cipher suite. */
export interface IpmitoolTrace {
  readonly consoleRandom: string;
  readonly bmcRandom: string;
  readonly bmcGuid: string;
  readonly consoleSessionId: number;
  readonly bmcSessionId: number;
  readonly role: number;
  /** Of the Open Session Request: the level of the option -L, 0 without it. */
  readonly maxPrivilege: number;
  readonly rakp2AuthCode: string;
  readonly rakp3AuthCode: string;
  readonly sik: string;
  readonly k1: string;
  readonly k2: string;
  readonly rakp4Icv: string;
  /** Session datagrams with their decrypted IPMI message and padding. */
  readonly session: readonly {
    readonly from: 'console' | 'bmc';
    readonly datagram: string;
    readonly plain: string;
  }[];
  /** Datagrams of the handshake in their order. */
  readonly handshake: readonly { readonly from: 'console' | 'bmc'; readonly datagram: string }[];
}

function blocksOf(output: string): TraceBlock[] {
  const blocks: { title: string; hex: string }[] = [];
  let room = 0;
  for (const line of output.split('\n')) {
    const head = /^(?:[<>]{1,2} ?)?(.*?) \((\d+) bytes\)$/.exec(line);
    if (head) {
      blocks.push({ title: String(head[1]), hex: '' });
      room = Number(head[2]);
    } else if (room > 0 && /^(?: [0-9a-f]{2})+ *$/.test(line)) {
      const block = blocks.at(-1);
      if (block) block.hex += line.replaceAll(' ', '');
      room -= line.trim().split(' ').length;
    }
  }
  return blocks;
}

/** Reads the output (both streams) of `ipmitool -vvvvv -I lanplus -C 3 ...`; `icvBytes` of the suite's RAKP 4. */
export function parseIpmitoolTrace(output: string, icvBytes: number): IpmitoolTrace {
  const blocks = blocksOf(output);
  const block = (title: string): string => {
    const found = blocks.find((one) => one.title === title);
    if (!found) throw new Error(`ipmitool printed no block "${title}"`);
    return found.hex;
  };
  const le32 = (hex: string): number => Number.parseInt((hex.match(/../g) ?? []).toReversed().join(''), 16);
  const rakp2Input = block('rakp2 mac input buffer');
  const handshake: { from: 'console' | 'bmc'; datagram: string }[] = [];
  const session: { from: 'console' | 'bmc'; datagram: string; plain: string }[] = [];
  let encrypted = '';
  let received = '';
  for (const { title, hex } of blocks) {
    if (title === 'encrypting this data') encrypted = hex;
    const from = title === 'sending packet' ? 'console' : title === 'received packet' ? 'bmc' : undefined;
    if (from && !hex.startsWith('0600ff0706c0')) handshake.push({ from, datagram: hex });
    else if (from === 'console') session.push({ from, datagram: hex, plain: encrypted });
    else if (from === 'bmc') received = hex;
    if (title === 'Decrypted this data') session.push({ from: 'bmc', datagram: received, plain: hex });
  }
  return {
    consoleSessionId: le32(rakp2Input.slice(0, 8)),
    bmcSessionId: le32(rakp2Input.slice(8, 16)),
    consoleRandom: block('Console generated random number'),
    bmcRandom: block('bmc_rand'),
    bmcGuid: rakp2Input.slice(80, 112),
    role: Number.parseInt(rakp2Input.slice(112, 114), 16),
    maxPrivilege: Number.parseInt(handshake[2]?.datagram.slice(34, 36) ?? '', 16),
    rakp2AuthCode: block('rakp2 mac as computed by the remote console'),
    rakp3AuthCode: block('generated rakp3 mac'),
    sik: block('Generated session integrity key'),
    k1: block('Generated K1'),
    k2: block('Generated K2'),
    rakp4Icv: block('rakp4 mac as computed by the remote console').slice(0, 2 * icvBytes),
    handshake,
    session,
  };
}
