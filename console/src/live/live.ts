import { createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import type { ClusterState, TopicSummary } from '../api/answers.ts'
import { type ApiError, errorOf } from '../api/http.ts'
import { Stream } from '../api/stream.ts'
import { History } from './history.ts'
import { Rates } from './rates.ts'

/** Topics that a watch describes at most. */
const MOST_WATCHED = 100
/** Partitions of those topics together. */
const MOST_PARTITIONS = 100_000
const RETRY_MS = 5000

export interface Live {
  /** Which sign-in it belongs to; -1: none yet. */
  readonly session: number
  readonly stream: Stream | null
  /** Null: nothing has come yet. */
  readonly state: ClusterState | null
  readonly rates: Rates
  readonly history: History
  /** Milliseconds since 1970; grows each second, also while nothing changes. */
  readonly now: number
  readonly isOpen: boolean
  /** Why the broker shows nothing, or nothing new. */
  readonly refusal: ApiError | null
}

const nothing: Live = {
  session: -1,
  stream: null,
  state: null,
  rates: new Rates(),
  history: new History(),
  now: 0,
  isOpen: false,
  refusal: null,
}
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
    const [rates, history] = [new Rates(), new History()]
    let described: ClusterState['described'] = []
    let names = ''
    let stop = (): void => {}
    let retrying: ReturnType<typeof setTimeout> | undefined
    // What the clock of the broker is ahead of that of this page.
    let ahead: number | null = null
    setLive({ ...nothing, session, rates, history })
    // Why a connection was refused stands until one is open.
    const stream = new Stream((isOpen, error) =>
      setLive((before) => ({ ...before, isOpen, refusal: error ?? (isOpen ? null : before.refusal) })),
    )
    const watch = (topics: readonly string[]): void => {
      stop()
      stop = stream.start({ op: 'watch', topics }, { op: 'unwatch' }, (message) => {
        if (message.op === 'error') {
          const refusal = errorOf(message)
          setLive((before) => ({ ...before, refusal }))
          clearTimeout(retrying)
          retrying = setTimeout(() => watch(topics), RETRY_MS)
        }
        if (message.op !== 'state') return undefined
        const state = message as unknown as ClusterState
        ahead = state.at - performance.now()
        rates.add(state)
        described = state.described
        const now = state.at
        setLive((before) => ({ ...before, stream, state, now: Math.max(before.now, now), refusal: null }))
        const wanted = watchedOf(state.topics)
        if (wanted.join(' ') === names) return undefined
        names = wanted.join(' ')
        queueMicrotask(() => watch(wanted))
        return undefined
      })
    }
    watch([])
    const ticking = setInterval(() => {
      // A hidden tab gets few ticks: the time is taken anew at each.
      if (document.hidden || ahead === null) return
      const now = ahead + performance.now()
      history.add(described, rates, now)
      setLive((before) => ({ ...before, now }))
    }, 1000)
    return () => {
      clearInterval(ticking)
      clearTimeout(retrying)
      stream.close()
    }
  }, [session])
  // Until the effect has run, what there is belongs to the session before.
  return live.session === session ? live : nothing
}

/** The first topics, as many as one watch may describe. */
export function watchedOf(topics: readonly TopicSummary[]): string[] {
  let partitions = 0
  const fit = topics.slice(0, MOST_WATCHED).filter((topic) => {
    const fits = partitions + topic.partitions <= MOST_PARTITIONS
    if (fits) partitions += topic.partitions
    return fits
  })
  return fit.map(({ name }) => name)
}
