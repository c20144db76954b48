import { useEffect, useRef, useState } from 'preact/hooks'
import type { LogRecord } from '../api/shapes.ts'
import type { Stream } from '../api/stream.ts'
import { type Found, matches, readPage, scan } from './record-reading.ts'

/** Of a live tail, so that a page that is left open does not grow. */
const MOST_KEPT = 500

export interface Shown extends LogRecord {
  readonly partition: number
}

export interface Wish {
  readonly topic: string
  readonly partition: number
  /** Text that key or value must have; empty: any. */
  readonly wanted: string
  /** Records that come from now on, of all partitions, in the place of those that are there. */
  readonly isFollowing: boolean
}

export interface Records {
  readonly records: readonly Shown[]
  /** How far the last reading went; null while following. */
  readonly found: Found | null
  readonly error: unknown
  readonly isReading: boolean
  readonly read: (offset: string) => Promise<void>
}

/** The records that a person reads, searches or follows. */
export function useRecords(wish: Wish, stream: Stream | null): Records {
  const [records, setRecords] = useState<readonly Shown[]>([])
  const [found, setFound] = useState<Found | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [isReading, setReading] = useState(false)
  const reading = useRef(new AbortController())
  const { topic, partition, wanted, isFollowing } = wish

  const read = async (offset: string): Promise<void> => {
    reading.current.abort()
    const { signal } = (reading.current = new AbortController())
    setError(null)
    setReading(true)
    try {
      const page =
        wanted === ''
          ? await readPage(topic, partition, offset)
          : await scan({ topic, partition, wanted }, offset, signal, setFound)
      if (signal.aborted) return
      setFound(page)
      setRecords(page.records.map((record) => ({ ...record, partition })))
    } catch (failure) {
      if (!signal.aborted) setError(failure)
    } finally {
      if (!signal.aborted) setReading(false)
    }
  }

  useEffect(() => () => reading.current.abort(), [])
  useEffect(() => {
    if (!isFollowing || stream === null) return undefined
    reading.current.abort()
    setReading(false)
    setRecords([])
    setFound(null)
    const add = (come: readonly Shown[]): void =>
      setRecords((before) => [...come.toReversed(), ...before].slice(0, MOST_KEPT))
    return follow(stream, topic, (come) => add(come.filter((record) => matches(record, wanted))), setError)
  }, [isFollowing, stream, topic, wanted])
  return { records, found, error, isReading, read }
}

/** From the end on; on another connection from where this one was. Returns how to stop. */
function follow(
  stream: Stream,
  topic: string,
  onRecords: (records: readonly Shown[]) => void,
  onError: (error: unknown) => void,
): () => void {
  const at = new Map<number, number>()
  const ask = (): object => {
    const places = [...at].map(([partition, from]) => ({ partition, from }))
    return { op: 'subscribe', topic, ...(places.length === 0 ? { from: 'latest' } : { partitions: places }) }
  }
  return stream.start(ask(), { op: 'unsubscribe' }, (message) => {
    if (message.op === 'error') onError(message)
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
