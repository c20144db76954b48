// SipHash-2-4 (Aumasson, Bernstein: SipHash: a fast short-input PRF, 2012). In halves of 32 bits: BigInts would cost
// microseconds and garbage.

/** v0..v3 of the state, the low half of each before the high one; one for all, as nothing waits in between. */
const state = new Int32Array(8)
const V0 = 0
const V1 = 2
const V2 = 4
const V3 = 6

/** "somepseudorandomlygeneratedbytes", as in the paper. */
const initial = [0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462]

/** `key`: 16 bytes. The 64 bits of the tag as 16 hex digits, the most significant first. */
export function sipHash(key: DataView, message: DataView): string {
  for (let half = 0; half < 8; half++) state[half] = initial[half]! ^ key.getUint32((half % 4) * 4, true)
  const { byteLength } = message
  const whole = byteLength - (byteLength % 8)
  for (let at = 0; at < whole; at += 8) absorb(message.getUint32(at, true), message.getUint32(at + 4, true))
  let low = 0
  let high = byteLength << 24
  for (let at = whole; at < byteLength; at++) {
    const shift = ((at - whole) % 4) * 8
    if (at - whole < 4) low |= message.getUint8(at) << shift
    else high |= message.getUint8(at) << shift
  }
  absorb(low, high)
  state[V2]! ^= 0xff
  for (let round = 0; round < 4; round++) sipRound()
  return hex(state[1]! ^ state[3]! ^ state[5]! ^ state[7]!) + hex(state[0]! ^ state[2]! ^ state[4]! ^ state[6]!)
}

function absorb(low: number, high: number): void {
  state[V3]! ^= low
  state[V3 + 1]! ^= high
  sipRound()
  sipRound()
  state[V0]! ^= low
  state[V0 + 1]! ^= high
}

function sipRound(): void {
  mix(V0, V1, 13)
  swapHalves(V0)
  mix(V2, V3, 16)
  mix(V0, V3, 21)
  mix(V2, V1, 17)
  swapHalves(V2)
}

/** a += b; b = (b <<< by) ^ a */
function mix(a: number, b: number, by: number): void {
  const bLow = state[b]!
  const bHigh = state[b + 1]!
  const low = (state[a]! >>> 0) + (bLow >>> 0)
  const aLow = low | 0
  const aHigh = (state[a + 1]! + bHigh + (low > 0xffffffff ? 1 : 0)) | 0
  state[a] = aLow
  state[a + 1] = aHigh
  state[b] = ((bLow << by) | (bHigh >>> (32 - by))) ^ aLow
  state[b + 1] = ((bHigh << by) | (bLow >>> (32 - by))) ^ aHigh
}

/** Turns by 32 bits. */
function swapHalves(at: number): void {
  const low = state[at]!
  state[at] = state[at + 1]!
  state[at + 1] = low
}

function hex(half: number): string {
  return (half >>> 0).toString(16).padStart(8, '0')
}
