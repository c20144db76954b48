/** The longest pause behind errors. */
const LONGEST_MS = 30_000
/** The pause behind the first error; each further one doubles it. */
const FIRST_MS = 4000

export interface Seen extends Pick<EventTarget, 'addEventListener' | 'removeEventListener'> {
  readonly hidden: boolean
}

/**
 * Asks again and again while the page is seen: the next time only when this one is answered. `ask` resolves with the
 * pause in milliseconds until then, 0: never; where it rejects, the pause grows. Returns how to stop.
 */
export function poll(ask: () => Promise<number>, page: Seen = document): () => void {
  let isOver = false
  let isDue = false
  let pauseMs = FIRST_MS
  let timer: ReturnType<typeof setTimeout> | undefined
  const answered = async (): Promise<number> => {
    try {
      const next = await ask()
      pauseMs = FIRST_MS
      return next
    } catch {
      const next = pauseMs
      pauseMs = Math.min(2 * pauseMs, LONGEST_MS)
      return next
    }
  }
  const turn = async (): Promise<void> => {
    isDue = page.hidden
    if (isDue) return
    const next = await answered()
    if (next > 0 && !isOver) timer = setTimeout(turn, next)
  }
  const seen = (): void => {
    if (isDue) void turn()
  }
  void turn()
  page.addEventListener('visibilitychange', seen)
  return () => {
    isOver = true
    clearTimeout(timer)
    page.removeEventListener('visibilitychange', seen)
  }
}
