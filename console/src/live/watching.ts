import { type ApiError, errorOf } from '../api/http.ts'
import type { Stream } from '../api/stream.ts'

/** The pause behind a refusal; each further one doubles it. */
const FIRST_MS = 4000
const LONGEST_MS = 30_000

export interface Seen extends Pick<EventTarget, 'addEventListener' | 'removeEventListener'> {
  readonly hidden: boolean
}

/** What a watch has told last. `content` null: nothing is known; `error`: why nothing newer is, or null. */
export interface Told {
  readonly content: unknown
  readonly error: ApiError | null
}

/**
 * Watches one thing by `/stream` while the page is seen, and again behind a refusal, since rights can come. `field`: of
 * the message `state` that has it. Returns how to stop.
 */
export function startWatch(
  stream: Pick<Stream, 'start'>,
  ask: object,
  field: string,
  tell: (told: Told) => void,
  page: Seen = document,
): () => void {
  let stop: (() => void) | null = null
  let pauseMs = FIRST_MS
  let timer: ReturnType<typeof setTimeout> | undefined
  const end = (): void => {
    clearTimeout(timer)
    stop?.()
    stop = null
  }
  const begin = (): void => {
    end()
    stop = stream.start({ ...ask, op: 'watch' }, { op: 'unwatch' }, (message) => {
      if (message.op === 'error') {
        tell({ content: null, error: errorOf(message) })
        timer = setTimeout(begin, pauseMs)
        pauseMs = Math.min(2 * pauseMs, LONGEST_MS)
      }
      if (message.op !== 'state') return undefined
      pauseMs = FIRST_MS
      const { [field]: content = null, error = null } = message
      tell({ content, error: error === null ? null : errorOf(error) })
      return undefined
    })
  }
  const seen = (): void => (page.hidden ? end() : begin())
  seen()
  page.addEventListener('visibilitychange', seen)
  return () => {
    page.removeEventListener('visibilitychange', seen)
    end()
  }
}
