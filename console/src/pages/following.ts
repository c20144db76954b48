import type { LogRecord } from '../api/answers.ts'
import { ApiError, errorOf } from '../api/http.ts'
import type { Stream } from '../api/stream.ts'
import type { Shown } from './record-reading.ts'

interface Following {
  readonly stream: Pick<Stream, 'start'>
  readonly topic: string
  readonly onRecords: (records: readonly Shown[]) => void
  /** Of one partition; the others go on. */
  readonly onError: (error: ApiError) => void
  readonly onEnd: (error: ApiError) => void
}

/** From the end on; on another connection from where this one was. Returns how to stop. */
export function follow({ stream, topic, onRecords, onError, onEnd }: Following): () => void {
  const at = new Map<number, number>()
  let stop = (): void => {}
  const ask = (): object => {
    const places = [...at].map(([partition, from]) => ({ partition, from }))
    return { op: 'subscribe', topic, ...(places.length === 0 ? { from: 'latest' } : { partitions: places }) }
  }
  const begin = (): void => {
    stop()
    stop = stream.start(ask(), { op: 'unsubscribe' }, (message) => {
      if (message.op === 'error') {
        const error = errorOf(message)
        const { partition } = message as { readonly partition?: number }
        if (partition === undefined) onEnd(error)
        else {
          onError(new ApiError(error.code, `Partition ${partition}: ${error.message}`, error.hint))
          if (error.nextOffset === null) return undefined
          // Behind the batch that cannot be shown.
          at.set(partition, error.nextOffset)
          queueMicrotask(begin)
        }
        return undefined
      }
      if (message.op === 'subscribed') {
        const { partitions } = message as unknown as { partitions: { partition: number; offset: number }[] }
        for (const { partition, offset } of partitions) at.set(partition, offset)
        return ask()
      }
      if (message.op !== 'records') return undefined
      const { partition, records, nextOffset } = message as unknown as {
        partition: number
        records: LogRecord[]
        nextOffset: number
      }
      at.set(partition, nextOffset)
      onRecords(records.map((record) => ({ ...record, partition })))
      return ask()
    })
  }
  begin()
  return () => stop()
}
