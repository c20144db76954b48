import type { FuzzRandom } from './random.ts'

type Change = (input: Uint8Array, random: FuzzRandom, other: Uint8Array) => Uint8Array

const LONGEST = 64 * 1024
/** Numbers at which lengths, counts and signs often fail. */
const edges = [0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff]
/** Pieces at which texts often fail. */
const pieces = ['"', '{', '}', '[', ']', ',', ':', 'null', '-1', '1e309', '9007199254740993', '\\ud800', '__proto__']

const changes: readonly Change[] = [
  (input, random) => withByte(input, random.below(input.length), random.below(256)),
  (input, random) => {
    const at = random.below(input.length)
    return withByte(input, at, (input[at] ?? 0) ^ (1 << random.below(8)))
  },
  (input, random) => {
    const at = random.below(input.length)
    return withByte(input, at, (input[at] ?? 0) + random.pick([1, -1, 2, -2]))
  },
  (input, random) => withNumber(input, random.below(input.length), random.pick(edges), random.pick([1, 2, 4, 8])),
  (input, random) => input.slice(0, random.below(input.length + 1)),
  (input, random) => without(input, random.below(input.length + 1), 1 + random.below(16)),
  (input, random) => inserted(input, random.below(input.length + 1), noise(random, 1 + random.below(16))),
  (input, random) => inserted(input, random.below(input.length + 1), new TextEncoder().encode(random.pick(pieces))),
  (input, random) => {
    const from = random.below(input.length + 1)
    return inserted(input, random.below(input.length + 1), input.slice(from, from + 1 + random.below(64)))
  },
  (input, random, other) => {
    const from = random.below(other.length + 1)
    return inserted(input, random.below(input.length + 1), other.slice(from, from + 1 + random.below(256)))
  },
  (input, random, other) => {
    const at = random.below(Math.min(input.length, other.length) + 1)
    return inserted(input.slice(0, at), at, other.slice(at))
  },
]

/** A copy with one to eight changes; `other` is a second sound input to take pieces from. */
export function change(input: Uint8Array, random: FuzzRandom, other: Uint8Array): Uint8Array {
  let changed = input
  for (let left = 1 + random.below(random.pick([1, 2, 4, 8])); left > 0; left--) {
    changed = random.pick(changes)(changed, random, other)
  }
  return changed.length > LONGEST ? changed.slice(0, LONGEST) : changed
}

function withByte(input: Uint8Array, at: number, value: number): Uint8Array {
  const bytes = input.slice()
  if (at < bytes.length) bytes[at] = value
  return bytes
}

function withNumber(input: Uint8Array, at: number, value: number, width: number): Uint8Array {
  const bytes = input.slice()
  for (let i = 0; i < width && at + i < bytes.length; i++) {
    bytes[at + i] = Math.floor(value / 256 ** Math.max(0, width - 1 - i)) & 0xff
  }
  return bytes
}

function without(input: Uint8Array, at: number, count: number): Uint8Array {
  return inserted(input.slice(0, at), at, input.slice(at + count))
}

function inserted(input: Uint8Array, at: number, extra: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(input.length + extra.length)
  bytes.set(input.subarray(0, at))
  bytes.set(extra, at)
  bytes.set(input.subarray(at), at + extra.length)
  return bytes
}

function noise(random: FuzzRandom, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256))
}
