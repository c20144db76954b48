import type { Disk } from '../../platform/disk.ts'

const NAME = 'kept-room'
const PIECE_BYTES = 1024 * 1024

/**
 * A file that only takes up room. When the disk is full it is emptied, so that operations that make room (a deletion,
 * the cut of a log's start) have blocks to be written in: without it a full disk stays full, since each of these
 * operations begins with a write.
 */
export class KeptRoom {
  readonly bytes: number
  held = false
  readonly #disk: Disk
  readonly #folder: string

  constructor(disk: Disk, folder: string, bytes: number) {
    this.#disk = disk
    this.#folder = folder
    this.bytes = bytes
  }

  /** The room that an earlier start has kept. */
  async find(): Promise<void> {
    this.held = (await this.#disk.size(`${this.#folder}/${NAME}`)) === this.bytes
  }

  /** Takes the room. @throws DiskError: then none of it is taken */
  async keep(): Promise<void> {
    if (this.held || this.bytes === 0) return
    const file = await this.#disk.open(`${this.#folder}/${NAME}`)
    try {
      const piece = incompressible(Math.min(PIECE_BYTES, this.bytes))
      for (let at = 0; at < this.bytes; at += piece.length) {
        await file.write([piece.subarray(0, Math.min(piece.length, this.bytes - at))], at)
      }
      await file.sync()
      this.held = true
    } catch (error) {
      await file.truncate(0)
      throw error
    } finally {
      await file.close()
    }
  }

  /** Gives the room up. False when there was none. */
  async release(): Promise<boolean> {
    if (!this.held) return false
    this.held = false
    await releaseKeptRoom(this.#disk, this.#folder)
    return true
  }
}

/** Gives the room up while no log is open that could ask for it. */
export async function releaseKeptRoom(disk: Disk, folder: string): Promise<void> {
  if ((await disk.size(`${folder}/${NAME}`)) === null) return
  const file = await disk.open(`${folder}/${NAME}`)
  try {
    await file.truncate(0)
  } finally {
    await file.close()
  }
}

/** Bytes that a file system which compresses stores as they are. */
function incompressible(length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = 0x9e3779b9
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[at] = state
  }
  return new Uint8Array(words.buffer, 0, length)
}
