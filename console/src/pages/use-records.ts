import { useEffect, useRef, useState } from 'preact/hooks'
import type { ApiError } from '../api/http.ts'
import type { Stream } from '../api/stream.ts'
import { follow } from './following.ts'
import { type Found, matches, readPage, type Shown, scan } from './record-reading.ts'

/** Of a live tail, so that a page that is left open does not grow. */
const MOST_KEPT = 500

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

/** The records that a person reads, searches or follows. `onEnded`: the broker follows no more. */
export function useRecords(wish: Wish, stream: Stream | null, onEnded: () => void): Records {
  const [records, setRecords] = useState<readonly Shown[]>([])
  const [found, setFound] = useState<Found | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [isReading, setReading] = useState(false)
  const reading = useRef(new AbortController())
  const { topic, partition, wanted, isFollowing } = wish

  const read = async (offset: string): Promise<void> => {
    reading.current.abort()
    const { signal } = (reading.current = new AbortController())
    const show = (page: Found | null): void => {
      if (signal.aborted) return
      setFound(page)
      setRecords((page?.records ?? []).map((record) => ({ ...record, partition })))
    }
    let isShown = false
    const showPart = (page: Found): void => {
      isShown = true
      show(page)
    }
    setError(null)
    setReading(true)
    try {
      if (wanted === '') show(await readPage(topic, partition, offset))
      else await scan({ topic, partition, wanted }, offset, signal, showPart)
    } catch (failure) {
      if (signal.aborted) return
      setError(failure)
      // What an earlier reading has found is not what was asked for.
      if (!isShown) show(null)
    } finally {
      if (!signal.aborted) setReading(false)
    }
  }

  useEffect(() => () => reading.current.abort(), [])
  useEffect(() => {
    if (!isFollowing || stream === null) return undefined
    reading.current.abort()
    setReading(false)
    setError(null)
    setRecords([])
    setFound(null)
    const add = (come: readonly Shown[]): void =>
      setRecords((before) => [...come.toReversed(), ...before].slice(0, MOST_KEPT))
    const onRecords = (come: readonly Shown[]): void => add(come.filter((record) => matches(record, wanted)))
    const end = (failure: ApiError): void => {
      setError(failure)
      onEnded()
    }
    return follow({ stream, topic, onRecords, onError: setError, onEnd: end })
  }, [isFollowing, stream, topic, wanted])
  return { records, found, error, isReading, read }
}
