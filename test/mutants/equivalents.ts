import type { Mutant } from './operators.ts'

/** A mutant whose change has no visible effect, with the reason. It is known by its text, so that lines may move. */
export interface Equivalent {
  readonly file: string
  readonly operator: string
  /** The whole source line, without the space around it. */
  readonly line: string
  readonly before: string
  readonly reason: string
}

export function isEquivalent(known: readonly Equivalent[], mutant: Mutant, text: string): boolean {
  const line = text.split('\n')[mutant.line - 1]!.trim()
  return known.some(
    ({ file, operator, line: text, before }) =>
      file === mutant.file && operator === mutant.operator && text === line && before === mutant.before,
  )
}
