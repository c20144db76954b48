import { TailraceError } from '@tailrace/schemas'
import { Violation } from '../sim/core/invariants.ts'

/**
 * The scenario asks for something that makes no sense here: a broker that is not there, a message that is not on the
 * wire.
 */
export class BadCommand extends Error {
  override readonly name = 'BadCommand'
}

/** An `expect` that does not hold. */
export class Unexpected extends Error {
  override readonly name = 'Unexpected'
}

export interface Breach {
  /** The property that does not hold, `core-assertion` for a core that stopped itself, or `expectation`. */
  readonly what: string
  readonly detail: string
}

/** The fault of the cores under test that an error shows; null if the scenario or the runner is wrong. */
export function breachOf(error: unknown): Breach | null {
  if (error instanceof Violation) {
    return { what: error.property, detail: error.message.slice(error.property.length + 2) }
  }
  if (error instanceof TailraceError && error.code === 'INTERNAL')
    return { what: 'core-assertion', detail: error.message }
  if (error instanceof Unexpected) return { what: 'expectation', detail: error.message }
  return null
}
