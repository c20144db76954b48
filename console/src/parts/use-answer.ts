import { useEffect, useState } from 'preact/hooks'
import { request } from '../api/http.ts'

export interface Answer<Content> {
  readonly content: Content | null
  readonly error: unknown
  readonly reload: () => void
}

/** What a GET answers, asked again every `everyMs` while the page is seen; 0: once. `path` null: it is not asked. */
export function useAnswer<Content>(path: string | null, everyMs = 0): Answer<Content> {
  const [found, setFound] = useState<{ readonly path: string; readonly content: Content } | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    if (path === null) return undefined
    let isOver = false
    let isDue = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async (): Promise<void> => {
      isDue = document.hidden
      if (isDue) return
      try {
        const content = await request<Content>('GET', path)
        if (isOver) return
        setFound({ path, content })
        setError(null)
      } catch (failure) {
        if (!isOver) setError(failure)
      }
      // The next one only when this one is answered: a slow broker is not asked faster than it answers.
      if (everyMs > 0 && !isOver) timer = setTimeout(ask, everyMs)
    }
    const seen = (): void => {
      if (isDue) void ask()
    }
    void ask()
    document.addEventListener('visibilitychange', seen)
    return () => {
      isOver = true
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', seen)
    }
  }, [path, everyMs, turn])
  // What another path has answered is not shown.
  const content = found !== null && found.path === path ? found.content : null
  return { content, error: path === null ? null : error, reload: () => setTurn((before) => before + 1) }
}
