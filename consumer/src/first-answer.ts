import { type ClientSurroundings, machine, type Timer, withResolvers } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'

/** One way to get an answer. `signal` fires when another way was faster. */
export type Way<Answer> = (signal: AbortSignal) => Promise<Answer>

/**
 * Asks in the order given: the next one when an answer fails or, at the latest, `hedgeAfterMs` after the one before was
 * asked. The first good answer wins and the others are given up ("The Tail at Scale", Dean and Barroso 2013: hedged
 * requests).
 * @throws TailraceError the first way's error when all have failed; at once one for which `isFinal` says so
 */
export function firstAnswer<Answer>(
  ways: readonly Way<Answer>[],
  hedgeAfterMs: number,
  isFinal: (error: TailraceError, way: number) => boolean,
  { after }: ClientSurroundings = machine,
): Promise<Answer> {
  const { promise, resolve, reject } = withResolvers<Answer>()
  const losers = new AbortController()
  const errors: TailraceError[] = []
  let next = 0
  let timer: Timer | undefined
  const end = (settle: () => void): void => {
    timer?.cancel()
    next = ways.length
    settle()
    losers.abort(new TailraceError('ABORTED', 'Another broker was faster.'))
  }
  const failed = (error: TailraceError, way: number): void => {
    if (losers.signal.aborted) return
    errors[way] = error
    const count = Object.keys(errors).length
    if (isFinal(error, way)) end(() => reject(error))
    else if (count === ways.length) end(() => reject(errors[0]))
    else if (next < ways.length) ask()
  }
  const ask = (): void => {
    timer?.cancel()
    const way = next++
    ways[way]!(losers.signal).then(
      (answer) => end(() => resolve(answer)),
      (error) => failed(TailraceError.from(error), way),
    )
    if (next < ways.length) timer = after(hedgeAfterMs, ask)
  }
  ask()
  return promise
}
