import { useEffect, useState } from 'preact/hooks'
import type { Members } from '../api/answers.ts'
import { request } from '../api/http.ts'
import { poll } from '../parts/polling.ts'

/** A request for each partition in turn, so that a page of many partitions is no load: 20 a second at most. */
const BETWEEN_MS = 50
const ROUND_MS = 2000

export interface Looked {
  /** What each path has answered last. */
  readonly found: ReadonlyMap<string, Members>
  /** Of the newest answer; null: it was one. */
  readonly error: unknown
  /** Paths of this round that have been asked. */
  readonly asked: number
}

/** The members of each group, asked one after the other, and again when all have been asked, while the page is seen. */
export function useMembers(paths: readonly string[]): Looked {
  const [looked, setLooked] = useState<Looked>({ found: new Map(), error: null, asked: 0 })
  const all = paths.join('\n')
  useEffect(() => {
    let at = 0
    let isOver = false
    const stop = poll(async () => {
      const path = paths[at]
      if (path === undefined) return ROUND_MS
      const answer = await request<Members>('GET', `${path}/members`).catch((failure: unknown) => ({ failure }))
      if (isOver) return 0
      at += 1
      const asked = at
      setLooked((before) => {
        if ('failure' in answer) return { ...before, error: answer.failure, asked }
        return { found: new Map(before.found).set(path, answer), error: null, asked }
      })
      const isEnd = at >= paths.length
      if (isEnd) at = 0
      if ('failure' in answer) throw answer.failure
      return isEnd ? ROUND_MS : BETWEEN_MS
    })
    return () => {
      isOver = true
      stop()
    }
  }, [all])
  return looked
}
