import type { Crc32c } from '../../platform/checksum.ts'
import { BLOCK_BYTES, type BlockHeader, isZero, openBlock } from './block.ts'
import type { JournalFile } from './journal-file.ts'

const WINDOW_BLOCKS = 256

/** The content found in a block's place. `empty`: zeros or past the end of the file. */
export type BlockView = BlockHeader | 'empty' | 'unsound'

/** Reads a journal's blocks, mostly one after the other, through one window. */
export class BlockReader {
  readonly #crc: Crc32c
  readonly #window = new Uint8Array(WINDOW_BLOCKS * BLOCK_BYTES)
  #file: JournalFile | null = null
  #from = 0
  #count = 0

  constructor(crc: Crc32c) {
    this.#crc = crc
  }

  async view(file: JournalFile, block: number): Promise<BlockView> {
    const at = await this.#locate(file, block)
    if (at < 0) return 'empty'
    return openBlock(this.#window, at, this.#crc) ?? (isZero(this.#window, at) ? 'empty' : 'unsound')
  }

  /** The raw bytes of `count` blocks in memory of their own. Bytes past the end of the file are zero. */
  async copy(file: JournalFile, block: number, count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count * BLOCK_BYTES)
    const at = await this.#locate(file, block)
    if (at >= 0 && at + bytes.length <= this.#count * BLOCK_BYTES)
      bytes.set(this.#window.subarray(at, at + bytes.length))
    else await file.file.read(bytes, block * BLOCK_BYTES)
    return bytes
  }

  /** Position of the block in the window, or -1 past the end of the file. */
  async #locate(file: JournalFile, block: number): Promise<number> {
    if (block * BLOCK_BYTES >= file.writtenBytes) return -1
    if (this.#file !== file || block < this.#from || block >= this.#from + this.#count) {
      this.#window.fill(0)
      const read = await file.file.read(this.#window, block * BLOCK_BYTES)
      this.#file = file
      this.#from = block
      this.#count = Math.ceil(read / BLOCK_BYTES)
      if (this.#count === 0) return -1
    }
    return (block - this.#from) * BLOCK_BYTES
  }
}
