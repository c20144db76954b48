import type { Disk } from '../../platform/disk.ts'
import { BLOCK_BYTES, BLOCK_CONTENT_BYTES } from './block.ts'
import { JournalFile, type SyncTimer } from './journal-file.ts'
import type { Staging } from './staging.ts'

/** A place in the journal: everything up to the block `sequence`, which is in `file` or just before its base. */
export interface JournalPlace {
  readonly sequence: number
  readonly epoch: number
  readonly file: string
  /** Sequence of that file's first block. */
  readonly base: number
}

/** Files that may wait for a checkpoint before rounds have to wait; one more is being written, one more is prepared. */
const MAX_FILES = 4

export interface JournalOptions {
  readonly disk: Disk
  readonly folder: string
  readonly fileBytes: number
  /** A file is full and another has been begun: time for a checkpoint. */
  readonly onSwitch: () => void
  /** A file has grown by so much. */
  readonly onGrowth: (bytes: number) => void
  /** Whether there is room to fill files ahead. */
  readonly mayFill: () => boolean
  /** Filling a file in the background failed; rounds continue. */
  readonly onFillError: (error: Error) => void
  readonly timer: SyncTimer
}

/**
 * The journal's files and the place where the next round goes. A file holds whole rounds; a round that does not fit
 * begins the next file. A file is free again when a checkpoint has passed its last block, and is written over from its
 * start: its old blocks carry lower sequences.
 */
export class Journal {
  readonly #options: JournalOptions
  readonly #full: JournalFile[] = []
  readonly #free: JournalFile[] = []
  #current: JournalFile | null = null
  #position = 0
  #nextSequence = 1
  #epoch = 1
  #nextName = 1
  #preparing: JournalFile | null = null
  #creating = false
  #released: (() => void) | null = null

  constructor(options: JournalOptions) {
    this.#options = options
  }

  /** Content bytes that one round may have. */
  get capacity(): number {
    return Math.floor(this.#options.fileBytes / BLOCK_BYTES) * BLOCK_CONTENT_BYTES
  }

  get bytes(): number {
    const files = this.#full.length + this.#free.length + (this.#current === null ? 0 : 1)
    return files * this.#options.fileBytes
  }

  /** Where everything durable ends. */
  get place(): JournalPlace {
    const { name, base } = this.#current!
    return { sequence: this.#nextSequence - 1, epoch: this.#epoch, file: name, base }
  }

  /** Of all files that are durably there. */
  get fileNames(): string[] {
    const files = [...this.#full, ...this.#free, this.#current, this.#preparing]
    return files.filter((file) => file !== null).map(({ name }) => name)
  }

  /**
   * Takes the files that recovery found, and the place where the journal continues. Called once, before the first
   * append.
   */
  resume(state: {
    full: JournalFile[]
    free: JournalFile[]
    current: JournalFile | null
    position: number
    nextSequence: number
    epoch: number
    nextName: number
  }): void {
    this.#full.push(...state.full)
    this.#free.push(...state.free)
    this.#current = state.current
    this.#position = state.position
    this.#nextSequence = state.nextSequence
    this.#epoch = state.epoch
    this.#nextName = state.nextName
    for (const file of [...state.full, ...state.free]) file.onGrowth = this.#options.onGrowth
    if (state.current !== null) state.current.onGrowth = this.#options.onGrowth
  }

  /**
   * False when all files are in use: no round may start before a checkpoint has released one. This bounds the journal.
   */
  get spare(): boolean {
    return this.#free.length > 0 || this.#preparing !== null || this.#full.length + 2 <= MAX_FILES
  }

  /** Resolves with the next release. */
  released(): Promise<void> {
    return new Promise((resolve) => {
      this.#released = resolve
    })
  }

  /**
   * Makes the staged round durable. One at a time, and only with a spare file. A DiskError `full` leaves all as it was:
   * try again later.
   */
  async append(staging: Staging): Promise<void> {
    const length = staging.blocks * BLOCK_BYTES
    if (this.#current === null || this.#position + length > this.#options.fileBytes) await this.#switch()
    const file = this.#current!
    const { mayFill, onFillError, timer } = this.#options
    await file.write(staging.seal(this.#nextSequence, this.#epoch), this.#position, timer)
    this.#nextSequence += staging.blocks
    file.end = this.#nextSequence - 1
    this.#position += length
    if (!mayFill()) return
    file.fillAhead(this.#position, onFillError)
    if (this.#position > this.#options.fileBytes / 4) this.#prepare()
  }

  /**
   * Makes durable the rounds that recovery has read: the kernel may hold the last round of a process that was killed,
   * and not the disk. Before anything is written after them: were the sync of both to fail, a hole with a sound round
   * after it would be taken for rot. A file that it had just created may be known to the kernel alone as well: with a
   * loss of power that file, and all rounds in it, would be lost.
   */
  async keep(): Promise<void> {
    await this.#current?.file.sync()
    await this.#options.disk.syncFolder(this.#options.folder)
  }

  /** A checkpoint holds everything up to `sequence`: files that end there are free. */
  release(sequence: number): void {
    let released = 0
    while (released < this.#full.length && this.#full[released]!.end <= sequence) released++
    for (const file of this.#full.splice(0, released)) this.#free.push(file)
    this.wake()
  }

  /** Resolves the promises that wait for a release. */
  wake(): void {
    this.#released?.()
    this.#released = null
  }

  async close(): Promise<void> {
    const files = [...this.#full, ...this.#free]
    if (this.#current !== null) files.push(this.#current)
    if (this.#preparing !== null) files.push(this.#preparing)
    for (const file of files) await file.close()
  }

  async #switch(): Promise<void> {
    const full = this.#current
    const next = await this.#take()
    if (full !== null) this.#full.push(full)
    next.base = this.#nextSequence
    next.end = 0
    this.#current = next
    this.#position = 0
    if (full !== null) this.#options.onSwitch()
  }

  /** Never waits for a checkpoint: rounds start only with a spare file (see `spare`). */
  async #take(): Promise<JournalFile> {
    for (;;) {
      const free = this.#free.shift()
      if (free !== undefined) return free
      const preparing = this.#preparing
      if (preparing === null) return this.#create()
      await preparing.stopFilling()
      // A file may have become free in the meantime; else the new one is taken half filled.
      if (this.#preparing !== preparing) continue
      this.#preparing = null
      return preparing
    }
  }

  async #create(): Promise<JournalFile> {
    const { disk, folder, fileBytes } = this.#options
    const name = `${String(this.#nextName++).padStart(8, '0')}.journal`
    const file = await JournalFile.open(disk, folder, name, fileBytes)
    file.onGrowth = this.#options.onGrowth
    await disk.syncFolder(folder)
    return file
  }

  /** Prepares the next file in the background. */
  #prepare(): void {
    if (this.#free.length > 0 || this.#preparing !== null || this.#creating) return
    if (this.#full.length + 2 > MAX_FILES) return
    this.#creating = true
    this.#create()
      .then(async (file) => {
        this.#preparing = file
        this.#creating = false
        await file.fill(this.#options.onFillError)
        if (this.#preparing !== file) return
        this.#preparing = null
        this.#free.push(file)
      })
      .catch((error) => {
        this.#creating = false
        this.#options.onFillError(error)
      })
  }
}
