import type { Clock, TimerHandle } from '../../platform/clock.ts'
import { type Disk, DiskError } from '../../platform/disk.ts'
import { FillRate } from './fill-rate.ts'
import type { KeptRoom } from './kept-room.ts'

/** Between two looks at the free space; more often while there is too little. */
const LOOK_MS = 1000
const LOOKS_WITH_ROOM = 5

export interface DiskSpaceOptions {
  readonly folder: string
  /** Free bytes below which the broker takes no records. */
  readonly reserve: number
  readonly kept: KeptRoom
  /** Bytes that have been promised to segments and are in memory. */
  readonly owed: () => number
}

/**
 * Knows how much room there is. Between two looks at the file system it subtracts written bytes, and entries that the
 * journal has and segments lack are taken for written. Three states: `writable`; below the reserve, where publishes are
 * refused; and `full`, where a write has failed for lack of space: then the kept room is given up, and only operations
 * that free the disk (metadata, removals, cuts of a log's start) are written until there is enough room for everything
 * again.
 */
export class DiskSpace {
  full = false
  /** There is room again after the disk was full. */
  onRoom: () => void = () => {}
  /** From now on only operations that free the full disk are written. */
  onFull: () => void = () => {}
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #options: DiskSpaceOptions
  readonly #timer: TimerHandle
  readonly #rate = new FillRate()
  #free = 0
  #taken = 0
  #looks = 0
  #closed = false
  #looking: Promise<void> | null = null
  #waiting: { timer: TimerHandle; wake: () => void } | null = null

  constructor(disk: Disk, clock: Clock, options: DiskSpaceOptions) {
    this.#disk = disk
    this.#clock = clock
    this.#options = options
    this.#timer = clock.every(LOOK_MS, () => {
      this.#looks++
      if (!this.writable || this.#looks % LOOKS_WITH_ROOM === 0) void this.look()
    })
  }

  get writable(): boolean {
    return !this.full && this.available >= this.#options.reserve
  }

  /** Even entries that a leader sends have to wait: half of the reserve is used too. */
  get cramped(): boolean {
    return this.full || this.available < this.#options.reserve / 2
  }

  get reserve(): number {
    return this.#options.reserve
  }

  /** Bytes that may still be written. */
  get available(): number {
    return this.#free - this.#taken - this.#options.owed()
  }

  /** Until the reserve is reached, if the disk fills up as in the last minutes; infinite if it does not. */
  get secondsUntilFull(): number {
    return this.full ? 0 : this.#rate.secondsToTake(this.available - this.#options.reserve)
  }

  /** Files have grown by so much. */
  took(bytes: number): void {
    if (bytes <= 0) return
    const wasWritable = this.writable
    this.#taken += bytes
    // By the file system's own answer, not by this count alone.
    if (wasWritable && !this.writable) void this.look()
  }

  /** Before anything else. */
  async open(): Promise<void> {
    const { kept } = this.#options
    await kept.find()
    await this.look()
    if (kept.held) return
    this.full = true
    await this.#recover()
  }

  /** Never rejects: a file system that does not tell is taken as writable. */
  look(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  /** A write has failed for lack of space. True when that has freed the kept room: another attempt may succeed. */
  async ranOut(): Promise<boolean> {
    const wasFull = this.full
    this.full = true
    if (!wasFull) this.onFull()
    return this.#options.kept.release()
  }

  /** Resolves when it is time to try again. */
  pause(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    return new Promise((resolve) => {
      const before = this.#waiting?.wake
      const wake = () => {
        before?.()
        resolve()
      }
      this.#waiting?.timer.cancel()
      this.#waiting = { wake, timer: this.#clock.after(LOOK_MS, () => this.#wake()) }
    })
  }

  /**
   * Waits a moment after a write has failed with `error`. Throws the error when it was not for lack of space, or the
   * storage is being closed.
   */
  async wait(error: unknown): Promise<void> {
    if (!isFull(error) || this.#closed) throw error
    if (!(await this.ranOut())) await this.pause()
  }

  /** Does the work again for as long as it fails for lack of space: an operator may delete topics. */
  readonly retryFull = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        await this.wait(error)
      }
    }
  }

  /** Does the work once; false when there is no room for it. */
  async attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      if (!isFull(error)) throw error
      await this.ranOut()
      return false
    }
  }

  get closed(): boolean {
    return this.#closed
  }

  close(): void {
    this.#closed = true
    this.#timer.cancel()
    this.#waiting?.timer.cancel()
    this.#waiting?.wake()
  }

  async #look(): Promise<void> {
    const taken = this.#taken
    try {
      this.#free = await this.#disk.free(this.#options.folder)
      this.#taken -= taken
      // The files that a start makes are no rate.
      if (this.#looks > 0) this.#rate.note(this.#clock.monotonic(), this.#free)
    } catch {
      this.#free = Number.MAX_SAFE_INTEGER
    }
    if (this.full) await this.#recover()
  }

  /**
   * Room for the bytes that are owed, for the room that is to be kept, and as much again: else the next write would be
   * the last one.
   */
  async #recover(): Promise<void> {
    const { kept } = this.#options
    if (this.available < (kept.held ? kept.bytes : 2 * kept.bytes)) return
    try {
      await kept.keep()
    } catch {
      // Whatever the error is, no room can be relied on.
      return
    }
    this.took(kept.bytes)
    this.full = false
    this.#wake()
    this.onRoom()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.timer.cancel()
    waiting?.wake()
  }
}

export function isFull(error: unknown): error is DiskError {
  return error instanceof DiskError && error.kind === 'full'
}
