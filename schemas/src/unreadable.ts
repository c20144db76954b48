import type { UnreadablePlace } from './error-shapes.ts'
import { errorTable, TailraceError } from './errors.ts'

/**
 * The same error with the place that it is about. What was thrown and is none of ours stays as it is: it is a mistake of the program.
 */
export function unreadableAt(thrown: unknown, place: UnreadablePlace): unknown {
  if (!(thrown instanceof TailraceError)) return thrown
  const { topic, partition, offset, nextOffset } = place
  const where = topic === undefined ? '' : `"${topic}" partition ${partition}, `
  const detail = thrown.message.slice(errorTable[thrown.code].message.length).trimStart()
  const told = `${where}offset ${offset}; what follows begins at ${nextOffset}.`
  return new TailraceError(thrown.code, detail === '' ? told : `${detail} At ${told}`, { cause: thrown, place })
}
