import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha512Crypt } from '../../src/provision/sha512-crypt.ts';
import { needTools } from '../support/need.ts';

/** The vectors printed in the specification: salt, rounds, password, result. Do not change them. */
const published: readonly (readonly [string, number | undefined, string, string])[] = [
  [
    'saltstring',
    undefined,
    'Hello world!',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  [
    'saltstringsaltstring',
    10_000,
    'Hello world!',
    '$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
  ],
  [
    'toolongsaltstring',
    5000,
    'This is just a test',
    '$6$rounds=5000$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0',
  ],
  [
    'anotherlongsaltstring',
    1400,
    'a very much longer text to encrypt.  This one even stretches over morethan one line.',
    '$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1',
  ],
  [
    'short',
    77_777,
    'we have a short salt string but not a short password',
    '$6$rounds=77777$short$WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0',
  ],
  [
    'asaltof16chars..',
    123_456,
    'a short string',
    '$6$rounds=123456$asaltof16chars..$BtCwjqMJGx5hrJhZywWvt0RLE8uZ4oPwcelCjmw2kSYu.Ec6ycULevoBK25fs2xXgMNrCzIMVcgEJAstJeonj1',
  ],
  [
    'roundstoolow',
    10,
    'the minimum number is still observed',
    '$6$rounds=1000$roundstoolow$kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1xhLsPuWGsUSklZt58jaTfF4ZEQpyUNGc0dqbpBYYBaHHrsX.',
  ],
];

describe('sha512Crypt', () => {
  it.each(published)('gives the published text for salt %s and %s rounds', (salt, rounds, password, text) => {
    expect(sha512Crypt(password, salt, rounds)).toBe(text);
  });

  it('refuses a salt that would break the text apart', () => {
    for (const salt of ['a$b', 'a:b', 'a\nb', 'ä', ' ']) {
      expect(() => sha512Crypt('x', salt)).toThrow(RangeError);
    }
  });
});

describe.skipIf(!needTools({ tool: 'openssl', package: 'openssl' }))('sha512Crypt beside openssl', () => {
  it('agrees for any password and salt', () => {
    const salts = fc.stringMatching(/^[./0-9A-Za-z]{1,16}$/);
    const passwords = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 60 })
      .filter((text) => !/[\n\r\0]|\p{Cs}/u.test(text));
    fc.assert(
      fc.property(passwords, salts, (password, salt) => {
        // The password goes in by stdin: arguments are readable by every user of a machine.
        const peer = spawnSync('openssl', ['passwd', '-6', '-salt', salt, '-stdin'], {
          input: `${password}\n`,
          encoding: 'utf8',
        });
        expect(sha512Crypt(password, salt)).toBe(peer.stdout.trim());
      }),
      { numRuns: 60 },
    );
  });
});
