import type { Clock, TimerHandle } from '../platform/clock.ts'
import { type Disk, DiskError } from '../platform/disk.ts'

const POLL_MS = 5000
const RETRY_MS = 1000

/** Watches the free space, so that the broker turns read-only before the disk is full; and waits where it has become full nevertheless. */
export class DiskSpace {
  writable = true
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #folder: string
  readonly #reserve: number
  readonly #timer: TimerHandle
  #closed = false
  #polling = false
  #waiting: { timer: TimerHandle; wake: () => void } | null = null

  constructor(disk: Disk, clock: Clock, folder: string, reserve: number) {
    this.#disk = disk
    this.#clock = clock
    this.#folder = folder
    this.#reserve = reserve
    this.#timer = clock.every(POLL_MS, () => void this.poll())
  }

  /** Looks now: after a file was created, say. Never rejects: a file system that does not tell is taken as writable. */
  async poll(): Promise<void> {
    if (this.#polling || this.#closed) return
    this.#polling = true
    try {
      this.writable = (await this.#disk.free(this.#folder)) >= this.#reserve
    } catch {
      this.writable = true
    } finally {
      this.#polling = false
    }
  }

  /** Does the work again every second for as long as it fails for want of space: somebody may delete topics. */
  readonly retryFull = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof DiskError && error.kind === 'full') || this.#closed) throw error
        this.writable = false
        await this.#pause()
      }
    }
  }

  close(): void {
    this.#closed = true
    this.#timer.cancel()
    this.#waiting?.timer.cancel()
    this.#waiting?.wake()
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#waiting?.wake
      const wake = () => {
        before?.()
        resolve()
      }
      this.#waiting?.timer.cancel()
      this.#waiting = { wake, timer: this.#clock.after(RETRY_MS, () => this.#wake()) }
    })
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.wake()
  }
}
