import type { Random } from '../random.ts'

/** The same numbers for the same seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed | 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const hex = (bits: number) => (next() >>> (32 - bits)).toString(16).padStart(bits / 4, '0')
  return {
    secret: (bytes) => Uint8Array.from({ length: bytes }, () => next() & 0xff),
    below: (bound) => Math.floor((next() / 2 ** 32) * bound),
    uuid: () => `${hex(32)}-${hex(16)}-4${hex(12)}-a${hex(12)}-${hex(32)}${hex(16)}`,
  }
}
