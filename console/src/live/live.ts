import { createContext } from 'preact'
import { useContext, useEffect, useRef, useState } from 'preact/hooks'
import type { ClusterState, TopicSummary } from '../api/answers.ts'
import { type ApiError, errorOf } from '../api/http.ts'
import { Stream } from '../api/stream.ts'
import { History } from './history.ts'
import { Rates } from './rates.ts'
import { StageHistory } from './stage-history.ts'

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
  readonly stages: StageHistory
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
  stages: new StageHistory(),
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
 * stream. `seen`: the topic whose page is seen, which is watched whatever its place in the list; null: none is.
 */
export function useLiveSource(session: number, seen: string | null): Live {
  const [live, setLive] = useState<Live>(nothing)
  const wish = useRef({ seen, renew: () => {} })
  wish.current.seen = seen
  useEffect(() => wish.current.renew(), [seen])
  useEffect(() => {
    const [rates, history] = [new Rates(), new History()]
    let [topics, described]: [ClusterState['topics'], ClusterState['described']] = [[], []]
    let names = ''
    let stop = (): void => {}
    let retrying: ReturnType<typeof setTimeout> | undefined
    // What the clock of the broker is ahead of that of this page.
    let ahead: number | null = null
    setLive({ ...nothing, session, rates, history, stages: new StageHistory() })
    // Why a connection was refused stands until one is open.
    const stream = new Stream((isOpen, error) =>
      setLive((before) => ({ ...before, isOpen, refusal: error ?? (isOpen ? null : before.refusal) })),
    )
    const watch = (wanted: readonly string[]): void => {
      stop()
      stop = stream.start({ op: 'watch', topics: wanted }, { op: 'unwatch' }, (message) => {
        if (message.op === 'error') {
          const refusal = errorOf(message)
          setLive((before) => ({ ...before, refusal }))
          clearTimeout(retrying)
          retrying = setTimeout(() => watch(wanted), RETRY_MS)
        }
        if (message.op !== 'state') return undefined
        const state = message as unknown as ClusterState
        ahead = state.at - performance.now()
        rates.add(state)
        ;[topics, described] = [state.topics, state.described]
        const now = state.at
        setLive((before) => ({ ...before, stream, state, now: Math.max(before.now, now), refusal: null }))
        renew()
        return undefined
      })
    }
    const renew = (): void => {
      const wanted = watchedOf(topics, wish.current.seen)
      if (wanted.join(' ') === names) return
      names = wanted.join(' ')
      queueMicrotask(() => watch(wanted))
    }
    wish.current.renew = renew
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

/** The topic that is seen, and of the others the first ones, as many as one watch may describe. */
export function watchedOf(topics: readonly TopicSummary[], seen: string | null): string[] {
  let partitions = 0
  const others = topics.filter(({ name }) => name !== seen)
  const fit = [...topics.filter(({ name }) => name === seen), ...others].slice(0, MOST_WATCHED).filter((topic) => {
    const fits = partitions + topic.partitions <= MOST_PARTITIONS
    if (fits) partitions += topic.partitions
    return fits
  })
  return fit.map(({ name }) => name)
}
