import { createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import type { ApiError } from '../api/http.ts'
import type { ClusterState } from '../api/shapes.ts'
import { Stream } from '../api/stream.ts'
import { Rates } from './rates.ts'

/** Topics that a watch describes at most. */
const MOST_WATCHED = 100

export interface Live {
  readonly stream: Stream | null
  /** Null: nothing has come yet. */
  readonly state: ClusterState | null
  readonly rates: Rates
  /** Milliseconds since 1970; grows each second, also while nothing changes. */
  readonly now: number
  readonly isOpen: boolean
  /** Why the broker refuses to show anything. */
  readonly refusal: ApiError | null
}

const nothing: Live = { stream: null, state: null, rates: new Rates(), now: 0, isOpen: false, refusal: null }
export const LiveContext = createContext<Live>(nothing)

export function useLive(): Live {
  return useContext(LiveContext)
}

/**
 * The state of the cluster as the broker tells it, from one watch of the whole page. `session`: another one, another
 * stream.
 */
export function useLiveSource(session: number): Live {
  const [live, setLive] = useState<Live>(nothing)
  useEffect(() => {
    const rates = new Rates()
    let names = ''
    let stop = (): void => {}
    const stream = new Stream((isOpen, refusal) => setLive((before) => ({ ...before, isOpen, refusal })))
    const watch = (topics: readonly string[]): void => {
      stop()
      stop = stream.start({ op: 'watch', topics }, { op: 'unwatch' }, (message) => {
        if (message.op !== 'state') return undefined
        const state = message as unknown as ClusterState
        rates.add(state)
        setLive((before) => ({ ...before, stream, state, rates, now: Math.max(before.now, state.at) }))
        const wanted = state.topics.slice(0, MOST_WATCHED).map(({ name }) => name)
        if (wanted.join(' ') === names) return undefined
        names = wanted.join(' ')
        queueMicrotask(() => watch(wanted))
        return undefined
      })
    }
    watch([])
    const ticking = setInterval(() => {
      if (!document.hidden) setLive((before) => ({ ...before, now: before.now + 1000 }))
    }, 1000)
    return () => {
      clearInterval(ticking)
      stream.close()
      setLive(nothing)
    }
  }, [session])
  return live
}
