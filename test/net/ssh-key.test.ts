import { expect, it } from 'vitest';
import { generateSshKey, readSshKey } from '../../src/net/ssh-key.ts';

it('makes keys that can be read again, every time', () => {
  for (let made = 0; made < 1000; made += 1) {
    const { privateKey, publicKey } = generateSshKey('a comment');
    expect(readSshKey(privateKey, 'a comment')).toEqual({ privateKey, publicKey });
  }
});
