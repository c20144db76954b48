import type { Offset } from '@tailrace/schemas'
import type { FetchResult } from '../../partition/requests.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Delivery } from './delivery.ts'
import type { StandingReader } from './partition-end.ts'
import type { PartitionEnds, ReadPlace } from './partition-ends.ts'

export interface Stand {
  readonly offset: Offset
  readonly waitMs: number
  readonly signal: AbortSignal | undefined
  /** @throws TailraceError where the reader may not, or no longer, read the topic */
  readonly checkRead: () => void
  /** Whether the reader takes so much; else it reads by itself. */
  readonly takes: (found: FetchResult) => boolean
}

/**
 * Stands at the end of a partition for one delivery. 'over': none has come in the time, or the signal has fired.
 * 'alone': the reader must read by itself. Rejects as `checkRead` throws.
 */
export function standFor(
  ends: PartitionEnds,
  clock: Clock,
  place: ReadPlace,
  { offset, waitMs, signal, checkRead, takes }: Stand,
): Promise<Delivery | 'over' | 'alone'> {
  if (signal?.aborted) return Promise.resolve('over')
  return new Promise((resolve, reject) => {
    const settle = (tell: () => void): void => {
      timer.cancel()
      signal?.removeEventListener('abort', giveUp)
      tell()
    }
    const giveUp = (): void => {
      end?.leave(reader)
      settle(() => resolve('over'))
    }
    const reader: StandingReader = {
      offset,
      deliver: (delivery) => {
        checkRead()
        const { found } = delivery
        if (found.batches.length === 0 && found.nextOffset === offset) return true
        settle(() => resolve(takes(found) ? delivery : 'alone'))
        return false
      },
      mayStay: () => {
        checkRead()
        return true
      },
      fault: (error) => settle(() => reject(error)),
      dismiss: () => settle(() => resolve('alone')),
    }
    const timer = clock.after(waitMs, giveUp)
    signal?.addEventListener('abort', giveUp, { once: true })
    const end = ends.stand(place, reader)
    if (end === null) settle(() => resolve('alone'))
  })
}
