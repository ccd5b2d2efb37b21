import { expect, it } from 'vitest';
import { answerChallenge } from '../../../src/console/rfb/vnc-auth.ts';
import { toHex } from '../../../src/base/bytes.ts';

const challenge = Uint8Array.from(Array(16).keys());

// openssl enc -des-ecb -provider legacy -provider default -nopad, with the mirrored bits of each password as key.
it.each([
  ['passwd', 'e8399b58571e87ed8445c8716b6dd945'],
  ['longer-than-eight', 'd7f5512dcd81e076eaf94d16cb29ec75'],
  ['longer-t', 'd7f5512dcd81e076eaf94d16cb29ec75'],
  ['', '491e890de9ace932838a49792f2213f3'],
  ['p\u00e4ss', '270f41405c790a3d76591b21a403aced'],
])('answers a challenge as OpenSSL has it: %j', (password, answer) => {
  expect(toHex(answerChallenge(password, challenge))).toBe(answer);
});
