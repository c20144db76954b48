import { useEffect, useState } from 'preact/hooks'
import { request } from '../api/http.ts'
import { poll } from './polling.ts'

export interface Answer<Content> {
  readonly content: Content | null
  readonly error: unknown
  readonly reload: () => void
}

/**
 * What a GET answers, asked again every `everyMs` while the page is seen, less often behind errors; 0: once. `path`
 * null: it is not asked.
 */
export function useAnswer<Content>(path: string | null, everyMs = 0): Answer<Content> {
  const [found, setFound] = useState<{ readonly path: string; readonly content: Content } | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    if (path === null) return undefined
    let isOver = false
    const stop = poll(async () => {
      try {
        const content = await request<Content>('GET', path)
        if (isOver) return 0
        setFound({ path, content })
        setError(null)
      } catch (failure) {
        if (!isOver) setError(failure)
        if (everyMs > 0) throw failure
      }
      return everyMs
    })
    return () => {
      isOver = true
      stop()
    }
  }, [path, everyMs, turn])
  // What another path has answered is not shown.
  const content = found !== null && found.path === path ? found.content : null
  return { content, error: path === null ? null : error, reload: () => setTurn((before) => before + 1) }
}
