import { useEffect, useState } from 'preact/hooks'
import { request } from '../api/http.ts'

export interface Answer<Content> {
  readonly content: Content | null
  readonly error: unknown
  readonly reload: () => void
}

/** What a GET answers, asked again every `everyMs` while the page is seen; 0: once. `path` null: it is not asked. */
export function useAnswer<Content>(path: string | null, everyMs = 0): Answer<Content> {
  const [content, setContent] = useState<Content | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    if (path === null) return undefined
    let isOver = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async (): Promise<void> => {
      try {
        const found = document.hidden ? undefined : await request<Content>('GET', path)
        if (isOver) return
        if (found !== undefined) setContent(found)
        setError(null)
      } catch (failure) {
        if (!isOver) setError(failure)
      }
      // The next one only when this one is answered: a slow broker is not asked faster than it answers.
      if (everyMs > 0 && !isOver) timer = setTimeout(ask, everyMs)
    }
    void ask()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [path, everyMs, turn])
  return { content, error, reload: () => setTurn((before) => before + 1) }
}
