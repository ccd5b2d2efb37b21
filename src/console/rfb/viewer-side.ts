import { ByteReader, WireError } from '../../base/bytes.ts';
import { ConsoleError } from '../errors.ts';
import { encodeNoneOnly, encodeSecurityOk, securityTypes } from './wire/security.ts';
import { decodeVersion, encodeVersion, type RfbMinor, versionLength } from './wire/version.ts';

/** What follows from a viewer's bytes. */
export interface ViewerNews {
  readonly toViewer: Uint8Array;
  readonly toServer: Uint8Array;
}

/** The server that a viewer sees until both sides talk to each other. */
export interface ViewerSide {
  /** What the viewer is told first. */
  readonly greeting: Uint8Array;
  /** Whether the viewer has had ServerInit: from then on the real server's bytes are for it. */
  isOpen(): boolean;
  /** Takes bytes in whatever pieces they come; ConsoleError `refused` for a viewer that breaks the rules. */
  receive(bytes: Uint8Array): ViewerNews;
}

const nothing: Uint8Array = new Uint8Array();

/** Where a viewer's greeting is: what it says next, in the version it speaks once that is known. */
type Stage =
  | { readonly awaits: 'version' }
  | { readonly awaits: 'security' | 'client-init' | 'anything'; readonly minor: RfbMinor };

/** Takes one whole message of the greeting. RFC 6143 §7.1, §7.3; what 3.3 and 3.7 leave out: appendix A */
function greet(
  stage: Stage,
  message: Uint8Array,
  serverInit: Uint8Array,
): { readonly next: Stage; readonly answer: Uint8Array } {
  if (stage.awaits === 'version') {
    const minor = decodeVersion(message);
    return {
      next: { awaits: minor === 3 ? 'client-init' : 'security', minor },
      answer: encodeNoneOnly(minor),
    };
  }
  const { minor } = stage;
  if (stage.awaits === 'security') {
    if (new ByteReader(message).u8('security.type') !== securityTypes.none) {
      throw new WireError('bad-value', 'security.type', 'is none that was offered');
    }
    return { next: { awaits: 'client-init', minor }, answer: minor === 8 ? encodeSecurityOk() : nothing };
  }
  // Whether it wants the screen alone does not matter: the real server was told that it is shared.
  return { next: { awaits: 'anything', minor }, answer: serverInit };
}

/**
 * Plays a server of RFB 3.8 without authentication for a viewer of 3.3, 3.7 or 3.8, up to the real server's ServerInit; after that
 * `pass` says what of its bytes goes on to the real one.
 */
export function createViewerSide(
  serverInit: Uint8Array,
  pass: (bytes: Uint8Array) => Uint8Array,
): ViewerSide {
  let stage: Stage = { awaits: 'version' };
  /** A part of a message; under 12 bytes. */
  let part: Uint8Array = nothing;

  /** Takes what is left of the message that is awaited off the bytes; answers what is left of them. */
  const advance = (bytes: Uint8Array, out: Uint8Array[]): Uint8Array => {
    const needed = (stage.awaits === 'version' ? versionLength : 1) - part.length;
    part = Buffer.concat([part, bytes.subarray(0, needed)]);
    if (bytes.length < needed) return nothing;
    const { next, answer } = greet(stage, part, serverInit);
    out.push(answer);
    stage = next;
    part = nothing;
    return bytes.subarray(needed);
  };

  return {
    greeting: encodeVersion(8),
    isOpen: () => stage.awaits === 'anything',
    receive(bytes) {
      const out: Uint8Array[] = [];
      let rest = bytes;
      try {
        while (rest.length > 0 && stage.awaits !== 'anything') rest = advance(rest, out);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        throw new ConsoleError('refused', `the viewer does not speak RFB as it should (${error.message})`, {
          cause: error,
        });
      }
      return { toViewer: Buffer.concat(out), toServer: rest.length === 0 ? nothing : pass(rest) };
    },
  };
}
