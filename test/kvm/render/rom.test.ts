import { expect, it } from 'vitest';
import { romOf } from '../../../src/kvm/render/rom.ts';

it.each([
  ['off', { bar: 'off' }],
  ['/usr/share/vgabios/card.rom', { file: '/usr/share/vgabios/card.rom' }],
  ['card.rom', undefined],
  ['/a\nb', undefined],
  [undefined, undefined],
])('reads %j', (tag, rom) => {
  expect(romOf(tag)).toEqual(rom);
});
