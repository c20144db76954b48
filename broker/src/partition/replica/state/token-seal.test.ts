import { describe, expect, it, test } from 'vitest'
import { sipHash } from './sip-hash.ts'
import { TokenSeal } from './token-seal.ts'

const counting = (bytes: number): DataView => new DataView(Uint8Array.from({ length: bytes }, (_, at) => at).buffer)

describe('SipHash-2-4', () => {
  test.each([
    // Appendix A of the paper; the others are of the authors' reference vectors (their bytes are the least significant
    // first).
    [15, 'a129ca6149be45e5'],
    [0, '726fdb47dd0e0e31'],
    [1, '74f839c593dc67fd'],
    [7, 'ab0200f58b01d137'],
    [8, '93f5f5799a932462'],
    [63, '958a324ceb064572'],
  ])('of 0, 1, 2 … with %i bytes is that of the reference', (bytes, tag) => {
    expect(sipHash(counting(16), counting(bytes))).toBe(tag)
  })
})

function sealWith(secret: number): TokenSeal {
  const seal = new TokenSeal()
  seal.useSecret(new Uint8Array(32).fill(secret))
  return seal
}

describe('M95: a seal', () => {
  const token = sealWith(1).tokenOf(7, 3, 2 ** 40 + 5)!

  it('is the same on every broker of the cluster', () => {
    expect(token).toEqual({ term: 3, index: 2 ** 40 + 5, seal: expect.stringMatching(/^[0-9a-f]{16}$/) })
    expect(sealWith(1).isGenuine(7, token)).toBe(true)
  })

  it.each([
    ['of another cluster', () => sealWith(2).isGenuine(7, token)],
    ['of another group', () => sealWith(1).isGenuine(8, token)],
    ['of another term', () => sealWith(1).isGenuine(7, { ...token, term: 4 })],
    ['of another index', () => sealWith(1).isGenuine(7, { ...token, index: token.index + 1 })],
    ['of an index that is the same in its low half', () => sealWith(1).isGenuine(7, { ...token, index: 5 })],
    ['with another last digit', () => sealWith(1).isGenuine(7, { ...token, seal: other(token.seal) })],
    ['that is missing', () => sealWith(1).isGenuine(7, { ...token, seal: '' })],
    ['that is longer', () => sealWith(1).isGenuine(7, { ...token, seal: `${token.seal}0` })],
  ])('%s is none', (_what, isGenuine) => {
    expect(isGenuine()).toBe(false)
  })

  it('is not given, and not taken, without a secret', () => {
    const unformed = new TokenSeal()
    expect(unformed.tokenOf(7, 3, 5)).toBeNull()
    expect(unformed.isGenuine(7, { term: 3, index: 5, seal: '' })).toBe(false)
    expect(() => unformed.useSecret(new Uint8Array(8))).toThrow(RangeError)
  })
})

function other(seal: string): string {
  return seal.slice(0, -1) + (seal.endsWith('0') ? '1' : '0')
}
