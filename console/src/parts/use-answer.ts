import { useEffect, useState } from 'preact/hooks'
import { request } from '../api/http.ts'

export interface Answer<Content> {
  readonly content: Content | null
  readonly error: unknown
}

/** What a GET answers, asked once for each version of what it is about. */
export function useAnswer<Content>(path: string, version = ''): Answer<Content> {
  const [found, setFound] = useState<Answer<Content>>({ content: null, error: null })
  useEffect(() => {
    let isOver = false
    request<Content>('GET', path).then(
      (content) => !isOver && setFound({ content, error: null }),
      (error: unknown) => !isOver && setFound({ content: null, error }),
    )
    return () => {
      isOver = true
    }
  }, [path, version])
  return found
}
