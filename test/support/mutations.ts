import * as fc from 'fast-check';

/** A way to damage a datagram, or to put another one in its place. */
export type Mutation = (genuine: Uint8Array, others: readonly Uint8Array[]) => Uint8Array;

const byte = fc.nat(255);
const anywhere = fc.nat(400);

/** Random bytes, changed bytes, cuts, growth, pieces and wholes of other datagrams. */
export const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  fc.uint8Array({ maxLength: 120 }).map((bytes) => () => bytes),
  fc
    .uint8Array({ maxLength: 80 })
    .map((bytes) => (genuine: Uint8Array) => joined(genuine.subarray(0, 4), bytes)),
  fc
    .uint8Array({ maxLength: 80 })
    .map((bytes) => (genuine: Uint8Array) => joined(genuine.subarray(0, 16), bytes)),
  fc
    .array(fc.tuple(anywhere, byte), { minLength: 1, maxLength: 4 })
    .map((changes) => (genuine: Uint8Array) => {
      const bytes = genuine.slice();
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return bytes;
    }),
  fc.tuple(anywhere, fc.nat(7)).map(([at, bit]) => (genuine: Uint8Array) => {
    const bytes = genuine.slice();
    const index = at % bytes.length;
    bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
    return bytes;
  }),
  anywhere.map((at) => (genuine: Uint8Array) => genuine.slice(0, at % (genuine.length + 1))),
  fc
    .uint8Array({ minLength: 1, maxLength: 64 })
    .map((tail) => (genuine: Uint8Array) => joined(genuine, tail)),
  fc
    .nat(50)
    .map(
      (at) => (_: Uint8Array, others: readonly Uint8Array[]) =>
        others[at % others.length] ?? new Uint8Array(),
    ),
  fc
    .tuple(fc.nat(50), anywhere)
    .map(([other, at]) => (genuine: Uint8Array, others: readonly Uint8Array[]) => {
      const source = others[other % others.length] ?? genuine;
      const cut = at % (genuine.length + 1);
      return joined(genuine.subarray(0, cut), source.subarray(cut));
    }),
);

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
