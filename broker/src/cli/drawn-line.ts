import type { Clock } from '../platform/clock.ts'
import type { Terminal } from './terminal.ts'

const DRAW_EVERY_MS = 200
const CLEARED = '\r\x1b[K'

/** Draws a line of progress again and again, where a person watches; `end` clears it, and does nothing later. */
export function drawnLine(
  terminal: Pick<Terminal, 'watched' | 'columns' | 'draw'>,
  clock: Clock,
  text: () => string,
): { end(): void } {
  if (!terminal.watched) return { end: () => {} }
  const draw = () => terminal.draw(`${CLEARED}${text().slice(0, terminal.columns - 1)}`)
  let drawing = clock.every(DRAW_EVERY_MS, draw) as ReturnType<Clock['every']> | null
  return {
    end: () => {
      if (drawing === null) return
      drawing.cancel()
      drawing = null
      terminal.draw(CLEARED)
    },
  }
}
