import { formatTable, newerFormat } from '@tailrace/schemas'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import { type Disk, DiskError, type DiskFile } from '../../platform/disk.ts'

/**
 * The file says up to which block the journal was once durable. Layout, little-endian:
 *
 *   0  u32  crc32c of bytes 4 to 16
 *   4  u32  magic: three letters, then the version as a digit
 *   8  f64  sequence of the last block of a round whose fdatasync has come back
 */
const BYTES = 16
const LETTERS = 0x4d_52_54 // "TRM"
const ZERO = 0x30
const MAGIC = (((ZERO + formatTable.durableMark.version) << 24) | LETTERS) >>> 0
/** It is synced so long after a round, at the latest: from then on a loss of power cannot take it back. */
const SYNC_MS = 1000
/**
 * Between two writes of it there is at least this time: a write for each round cost a follower a seventh of its CPU
 * where a producer has one batch in flight. Far less than what a loss of power takes of it anyway.
 */
const SHARED_MS = 10

export interface DurableMarkDeps {
  readonly disk: Disk
  readonly clock: Clock
  readonly crc32c: Crc32c
  readonly folder: string
  onFailure(error: Error): void
}

/**
 * Knows of the newest round, apart from the journal. A round proves by its being there that the one before it was
 * synced; of the newest round itself nothing in the journal tells whether it was lost or never written. The mark is
 * written after the fdatasync, so where it names a round that is not there, the disk has lost a write that it had
 * confirmed: a torn round never had a mark. No round waits for the mark.
 */
export class DurableMark {
  readonly #deps: DurableMarkDeps
  readonly #bytes = new Uint8Array(BYTES)
  readonly #view = new DataView(this.#bytes.buffer)
  #file: DiskFile | null = null
  #noted = 0
  #written = 0
  #synced = 0
  #wroteAt = Number.NEGATIVE_INFINITY
  #work: Promise<void> | null = null
  #timer: TimerHandle | null = null
  #delay: TimerHandle | null = null

  constructor(deps: DurableMarkDeps) {
    this.#deps = deps
  }

  /**
   * Durable when it resolves, whatever was there before. To be called before `note`. On a full disk there is no mark.
   */
  async begin(sequence: number): Promise<void> {
    const { disk, folder } = this.#deps
    this.#file = await disk.open(pathIn(folder))
    this.#noted = sequence
    await this.#write()
    await this.#sync()
    await disk.syncFolder(folder)
  }

  /** The journal is durable up to this block. `atOnce`: the mark is not to wait for further rounds. */
  note(sequence: number, atOnce: boolean): void {
    this.#noted = sequence
    this.#timer ??= this.#deps.clock.after(SYNC_MS, () => this.#syncWhenStill())
    const wait = this.#wroteAt + SHARED_MS - this.#deps.clock.monotonic()
    if (atOnce || wait <= 0) this.#start()
    else this.#delay ??= this.#deps.clock.after(wait, () => this.#start())
  }

  #start(): void {
    this.#delay?.cancel()
    this.#delay = null
    this.#work ??= this.#catchUp()
      .catch((error) => this.#deps.onFailure(error as Error))
      .finally(() => {
        this.#work = null
      })
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    if (this.#delay !== null) this.#start()
    await this.#work
    this.#timer?.cancel()
    this.#timer = null
    const file = this.#file
    this.#file = null
    await file?.close()
  }

  async #catchUp(): Promise<void> {
    while (this.#file !== null && this.#written < this.#noted) await this.#write()
    this.#timer ??= this.#deps.clock.after(SYNC_MS, () => this.#syncWhenStill())
  }

  #syncWhenStill(): void {
    this.#timer = null
    if (this.#file === null || this.#synced === this.#written || this.#work !== null) return
    this.#work = this.#sync()
      .catch((error) => this.#deps.onFailure(error as Error))
      .finally(() => {
        this.#work = null
        if (this.#written < this.#noted) this.#start()
      })
  }

  async #write(): Promise<void> {
    const sequence = this.#noted
    this.#wroteAt = this.#deps.clock.monotonic()
    this.#view.setUint32(4, MAGIC, true)
    this.#view.setFloat64(8, sequence, true)
    this.#view.setUint32(0, this.#deps.crc32c(this.#bytes, 4, BYTES), true)
    await unlessFull(() => this.#file?.write([this.#bytes], 0))
    this.#written = sequence
  }

  async #sync(): Promise<void> {
    const sequence = this.#written
    await unlessFull(() => this.#file?.sync())
    this.#synced = sequence
  }
}

/**
 * The block that the mark names, or null where no mark can be read: a mark can only prove a loss.
 * @throws TailraceError NEWER_FORMAT; DiskError
 */
export async function readDurableMark(disk: Disk, folder: string, crc: Crc32c): Promise<number | null> {
  const path = pathIn(folder)
  if ((await disk.size(path)) === null) return null
  const bytes = new Uint8Array(BYTES)
  const view = new DataView(bytes.buffer)
  const file = await disk.open(path)
  try {
    await file.read(bytes, 0)
  } finally {
    await file.close()
  }
  const magic = view.getUint32(4, true)
  if ((magic & 0xff_ff_ff) !== LETTERS || view.getUint32(0, true) !== crc(bytes, 4, BYTES)) return null
  if (magic > MAGIC) throw newerFormat('durableMark', (magic >>> 24) - ZERO, path)
  return magic === MAGIC ? view.getFloat64(8, true) : null
}

async function unlessFull(work: () => Promise<void> | undefined): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof DiskError && error.kind === 'full')) throw error
  }
}

function pathIn(folder: string): string {
  return `${folder}/durable`
}
