import { formatTable, newerFormat } from '@tailrace/schemas'
import type { Crc32c } from '../../platform/checksum.ts'

/**
 * A journal file is a row of blocks of 4096 bytes, the size that disks and page caches write whole. Layout of a block,
 * little-endian:
 *
 *   0  u32  crc32c of bytes 4 to 32 + used
 *   4  u32  magic: three letters, then the version as a digit. In every version the checksum has this place and covers
 *            these bytes, and `used` has this place: so a newer version differs from a version that has rotted
 *   8 f64 sequence: rises by one with every block ever written by this broker; sequence - place in file = the file's
 *   base 16 u32 epoch: rises with every opening of the journal, so that leftovers of a torn round are told from a later
 *   one in their place 20 u32 blocks of the round 24 u32 this block's place in its round, from 0 28 u16 used: bytes of
 *   content 30 u16 where the first record that begins in this block begins, or 0xffff: readers can resume after an
 *   unreadable block 32 content: the round's records, running on over its blocks
 *
 * So recovery can tell three things apart (docs/decisions/torn-or-rotten.md): a block that was never written shows
 * zeros or a sound older block; a block that was written and has rotted shows neither; and a later round is only ever
 * written after all before it were synced.
 */
export const BLOCK_BYTES = 4096
export const BLOCK_HEADER_BYTES = 32
export const BLOCK_CONTENT_BYTES = BLOCK_BYTES - BLOCK_HEADER_BYTES
export const NO_RECORD = 0xffff
const LETTERS = 0x4a_52_54 // "TRJ"
const ZERO = 0x30
const MAGIC = (((ZERO + formatTable.journalBlock.version) << 24) | LETTERS) >>> 0

export interface BlockHeader {
  readonly sequence: number
  readonly epoch: number
  readonly roundBlocks: number
  readonly placeInRound: number
  readonly used: number
  readonly firstRecord: number
}

/** Completes the block at `at`, whose content is there already. */
export function sealBlock(bytes: Uint8Array, view: DataView, at: number, header: BlockHeader, crc: Crc32c): void {
  view.setUint32(at + 4, MAGIC, true)
  view.setFloat64(at + 8, header.sequence, true)
  view.setUint32(at + 16, header.epoch, true)
  view.setUint32(at + 20, header.roundBlocks, true)
  view.setUint32(at + 24, header.placeInRound, true)
  view.setUint16(at + 28, header.used, true)
  view.setUint16(at + 30, header.firstRecord, true)
  view.setUint32(at, crc(bytes, at + 4, at + BLOCK_HEADER_BYTES + header.used), true)
}

/**
 * The header of the block at `at`, null if the block is not sound.
 * @throws TailraceError NEWER_FORMAT for a sound block of a newer version
 */
export function openBlock(bytes: Uint8Array, at: number, crc: Crc32c): BlockHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, BLOCK_BYTES)
  const used = view.getUint16(28, true)
  const magic = view.getUint32(4, true)
  if ((magic & 0xff_ff_ff) !== LETTERS || used > BLOCK_CONTENT_BYTES) return null
  if (view.getUint32(0, true) !== crc(bytes, at + 4, at + BLOCK_HEADER_BYTES + used)) return null
  if (magic > MAGIC) throw newerFormat('journalBlock', (magic >>> 24) - ZERO)
  if (magic !== MAGIC) return null
  const header = {
    sequence: view.getFloat64(8, true),
    epoch: view.getUint32(16, true),
    roundBlocks: view.getUint32(20, true),
    placeInRound: view.getUint32(24, true),
    used,
    firstRecord: view.getUint16(30, true),
  }
  return isPossible(header) ? header : null
}

/**
 * Which block the one at `at` says that it is, sound or not: one that has rotted may have been left by an earlier use
 * of its place, and what is readable in it belongs there.
 */
export function identityAt(bytes: Uint8Array, at: number): Pick<BlockHeader, 'sequence' | 'epoch'> {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, BLOCK_HEADER_BYTES)
  return { sequence: view.getFloat64(8, true), epoch: view.getUint32(16, true) }
}

/** Others compute with these numbers: a block of which they cannot be true is none, though its checksum is right. */
function isPossible({ sequence, roundBlocks, placeInRound }: BlockHeader): boolean {
  return Number.isSafeInteger(sequence) && placeInRound < roundBlocks && placeInRound < sequence
}

const zeroBlock = new Uint8Array(BLOCK_BYTES)

export function isZero(bytes: Uint8Array, at: number): boolean {
  return Buffer.compare(bytes.subarray(at, at + BLOCK_BYTES), zeroBlock) === 0
}
