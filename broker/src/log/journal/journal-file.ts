import { type Disk, DiskError, type DiskFile } from '../../platform/disk.ts'

/** How far ahead of the writer a new file is filled, and in which pieces. */
const FILL_AHEAD_BYTES = 8 * 1024 * 1024
const FILL_PIECE_BYTES = 1024 * 1024
/** A file filled as a whole is synced this often, so that no sync has much to do while rounds wait behind it. */
const FILL_SYNC_BYTES = 16 * 1024 * 1024

/** Up to here one call that writes and syncs costs less than two (docs/decisions/small-rounds-in-one-call.md). */
const ONE_CALL_BYTES = 64 * 1024

/** Measures the fdatasync of each round. */
export interface SyncTimer {
  /** Milliseconds of a clock that does not go back. */
  now(): number
  took(ms: number): void
}

const zeros = new Uint8Array(FILL_PIECE_BYTES)

/**
 * One file of the journal. Its size never changes, and it is written with zeros ahead of its first use: an fdatasync of
 * bytes that are allocated and written already has no metadata to commit. Filling and rounds never write the same
 * bytes: a round that reaches the piece being filled waits for it.
 */
export class JournalFile {
  readonly name: string
  readonly file: DiskFile
  readonly bytes: number
  /** Sequence of the first block, and of the last one written; 0 while the file is free. */
  base = 0
  end = 0
  onGrowth: (bytes: number) => void = () => {}
  /** Bytes that are allocated. */
  #filled: number
  #filling: Promise<void> | null = null
  #stopFilling = false

  constructor(name: string, file: DiskFile, bytes: number, filled: number) {
    this.name = name
    this.file = file
    this.bytes = bytes
    this.#filled = filled
  }

  /** Blocks that can be read. */
  get writtenBytes(): number {
    return this.#filled
  }

  static async open(disk: Disk, folder: string, name: string, bytes: number): Promise<JournalFile> {
    const file = await disk.open(`${folder}/${name}`)
    return new JournalFile(name, file, bytes, await file.size())
  }

  /**
   * One write, one sync, or both in one call. Resolves when the bytes are durable. Rejects with DiskError `full` only
   * when nothing depends on the bytes that were written: the call may be repeated.
   */
  async write(bytes: Uint8Array, position: number, timer: SyncTimer): Promise<void> {
    while (this.#filling !== null && position + bytes.length > this.#filled) await this.#filling
    const isAllocated = position + bytes.length <= this.#filled
    this.onGrowth(position + bytes.length - this.#filled)
    this.#filled = Math.max(this.#filled, position + bytes.length)
    if (isAllocated && bytes.length <= ONE_CALL_BYTES && this.file.writeDurably !== undefined) {
      const began = timer.now()
      await this.file.writeDurably(bytes, position)
      timer.took(timer.now() - began)
      return
    }
    await this.file.write([bytes], position)
    const began = timer.now()
    try {
      await this.file.sync()
      timer.took(timer.now() - began)
    } catch (error) {
      // Even for lack of space: after a failed sync the content of the file is unknown.
      throw new DiskError('failed', `the journal cannot be synced: ${(error as Error).message}`, { cause: error })
    }
  }

  /** Keeps the bytes ahead of `position` filled, without waiting. */
  fillAhead(position: number, onError: (error: Error) => void): void {
    if (this.#filling !== null || this.#filled >= Math.min(this.bytes, position + FILL_AHEAD_BYTES)) return
    this.#start(Math.min(this.bytes, this.#filled + FILL_PIECE_BYTES * 4), onError)
  }

  /** Fills the file before its first use. A writer that needs the file earlier calls `stopFilling`. */
  fill(onError: (error: Error) => void): Promise<void> {
    if (this.#filling === null && this.#filled < this.bytes) this.#start(this.bytes, onError)
    return this.#filling ?? Promise.resolve()
  }

  async stopFilling(): Promise<void> {
    this.#stopFilling = true
    await this.#filling
    this.#stopFilling = false
  }

  async close(): Promise<void> {
    await this.stopFilling()
    await this.file.close()
  }

  #start(to: number, onError: (error: Error) => void): void {
    this.#filling = this.#fillTo(to)
      .catch(onError)
      .finally(() => {
        this.#filling = null
      })
  }

  async #fillTo(to: number): Promise<void> {
    let unsynced = 0
    while (this.#filled < to && !this.#stopFilling) {
      const count = Math.min(zeros.length, to - this.#filled)
      await this.file.write([count === zeros.length ? zeros : zeros.subarray(0, count)], this.#filled)
      this.#filled += count
      this.onGrowth(count)
      unsynced += count
      if (unsynced < FILL_SYNC_BYTES) continue
      await this.file.sync()
      unsynced = 0
    }
    if (unsynced > 0 && this.#filled === this.bytes) await this.file.sync()
  }
}
