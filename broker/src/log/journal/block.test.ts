import { describe, expect, it } from 'vitest'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import {
  BLOCK_BYTES,
  BLOCK_CONTENT_BYTES,
  BLOCK_HEADER_BYTES,
  type BlockHeader,
  isZero,
  openBlock,
  sealBlock,
} from './block.ts'

/** Not at the start of the memory, as blocks of a longer read are. */
const AT = 16
const header = { sequence: 2 ** 40 + 1, epoch: 7, roundBlocks: 3, placeInRound: 2, used: 5, firstRecord: 4 }

function sealed(given: BlockHeader): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(AT + BLOCK_BYTES).fill(1)
  const view = new DataView(bytes.buffer)
  sealBlock(bytes, view, AT, given, nodeCrc32c)
  return { bytes, view }
}

/** As another program would write it: with a checksum that fits. */
function sealedWith(change: (view: DataView) => void, used = header.used): Uint8Array {
  const { bytes, view } = sealed(header)
  change(view)
  view.setUint32(AT, nodeCrc32c(bytes, AT + 4, AT + BLOCK_HEADER_BYTES + used), true)
  return bytes
}

describe('a block of the journal', () => {
  it.each([0, 5, BLOCK_CONTENT_BYTES])(
    'gives back the values that it was sealed with, with %s bytes of content',
    (used) => {
      const given = { ...header, used }
      expect(openBlock(sealed(given).bytes, AT, nodeCrc32c)).toEqual(given)
    },
  )

  it('begins with its checksum, three letters and a digit, as the files of earlier releases do', () => {
    expect(Buffer.from(sealed(header).bytes).toString('latin1', AT + 4, AT + 8)).toBe('TRJ1')
  })

  it('was never written when all of it is zero', () => {
    const bytes = new Uint8Array(AT + BLOCK_BYTES + 1)
    bytes[AT - 1] = bytes[AT + BLOCK_BYTES] = 1
    expect(isZero(bytes, AT)).toBe(true)
    for (const byte of [0, BLOCK_BYTES - 1]) {
      bytes[AT + byte] = 1
      expect(isZero(bytes, AT)).toBe(false)
      bytes[AT + byte] = 0
    }
  })

  it.each<[string, Partial<BlockHeader>]>([
    ['a sequence that is none', { sequence: Number.NaN }],
    ['a sequence between two', { sequence: 7.5 }],
    ['a sequence before the first of its round', { sequence: 2 }],
    ['a place after the end of its round', { placeInRound: 3 }],
    ['no round', { roundBlocks: 0, placeInRound: 0 }],
  ])('is not sound with %s, though its checksum fits', (_, wrong) => {
    expect(openBlock(sealed({ ...header, ...wrong }).bytes, AT, nodeCrc32c)).toBeNull()
  })

  it('is not sound when a bit under its checksum has changed, and does not look at the rest', () => {
    for (let byte = 0; byte < BLOCK_HEADER_BYTES + header.used + 3; byte++) {
      const { bytes } = sealed(header)
      bytes[AT + byte]! ^= 1
      const isCovered = byte < BLOCK_HEADER_BYTES + header.used
      expect(openBlock(bytes, AT, nodeCrc32c), `byte ${byte}`).toEqual(isCovered ? null : header)
    }
  })

  it('is none when its letters are others, or it claims more content than a block can have, though its checksum fits', () => {
    expect(
      openBlock(
        sealedWith((view) => view.setUint8(AT + 4, 0x55)),
        AT,
        nodeCrc32c,
      ),
    ).toBeNull()
    const longer = new Uint8Array(AT + BLOCK_BYTES + 1)
    const view = new DataView(longer.buffer)
    sealBlock(longer, view, AT, { ...header, used: BLOCK_CONTENT_BYTES + 1 }, nodeCrc32c)
    expect(openBlock(longer, AT, nodeCrc32c)).toBeNull()
  })

  it('is refused by name when a newer version wrote it, and is none of an older version', () => {
    const version = sealed(header).view.getUint8(AT + 7)
    const ofVersion = (digit: number) => sealedWith((view) => view.setUint8(AT + 7, digit))
    expect(() => openBlock(ofVersion(version + 1), AT, nodeCrc32c)).toThrow(
      expect.objectContaining({ code: 'NEWER_FORMAT' }),
    )
    expect(() => openBlock(ofVersion(version + 1), AT, nodeCrc32c)).toThrow(` has version ${version + 1 - 0x30};`)
    expect(openBlock(ofVersion(version - 1), AT, nodeCrc32c)).toBeNull()
  })
})
