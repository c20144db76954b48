import { TailraceError } from '@tailrace/schemas'
import type { LogStorage } from '../../../log/log-storage.ts'
import type { Clock, TimerHandle } from '../../../platform/clock.ts'
import type { PartitionSettings } from '../../settings.ts'

/** Lets one caller at a time wait until its replica's disk has the needed entries. */
export class DiskWait {
  readonly #clock: Clock
  readonly #limitMs: number
  #waiting: {
    readonly enough: () => boolean
    readonly end: (met: boolean) => void
    readonly timer: TimerHandle
  } | null = null

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock
    this.#limitMs = limitMs
  }

  /** @throws TailraceError NOT_READY when the disk does not catch up in time, or the wait is ended */
  async until(enough: () => boolean): Promise<void> {
    if (enough()) return
    const met = await new Promise<boolean>((end) => {
      const timer = this.#clock.after(this.#limitMs, () => this.giveUp())
      this.#waiting = { enough, end, timer }
    })
    if (!met) throw new TailraceError('NOT_READY', 'The disk is behind the commit index, and does not catch up.')
  }

  /** Something has become durable. */
  look(): void {
    if (this.#waiting?.enough()) this.#end(true)
  }

  giveUp(): void {
    this.#end(false)
  }

  #end(met: boolean): void {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.timer.cancel()
    waiting?.end(met)
  }
}

/**
 * The bytes of all groups that may wait for this broker's disk, in multiples of the bytes that one group may have
 * uncommitted.
 */
const MOST_OF_LEADERS = 4
/**
 * Higher, so that leaders, which can tell their clients, refuse first: a follower that takes nothing is sent all of it
 * again.
 */
const MOST_OF_FOLLOWERS = 8

interface Broker {
  readonly storage: Pick<LogStorage, 'waitingBytes'>
  readonly settings: Pick<PartitionSettings, 'maxUncommittedBytes'>
}

/**
 * M92 lets the other disks acknowledge entries that this broker's own disk lacks. With a disk that stands still all of
 * them would stay in memory: beyond a bound leaders refuse records.
 */
export function isTooMuchForLeaders({ storage, settings }: Broker): boolean {
  return storage.waitingBytes > MOST_OF_LEADERS * settings.maxUncommittedBytes
}

/** Likewise, followers take none. */
export function isTooMuchForFollowers({ storage, settings }: Broker): boolean {
  return storage.waitingBytes > MOST_OF_FOLLOWERS * settings.maxUncommittedBytes
}
