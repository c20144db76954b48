export interface Problem {
  readonly severity: 'bad' | 'warning'
  readonly what: string
  readonly why: string
  readonly todo: string
  /** Where the console shows more of it. */
  readonly link?: string
}

export function worstFirst(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((one, other) => Number(one.severity === 'warning') - Number(other.severity === 'warning'))
}
