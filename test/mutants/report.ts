import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Mutant } from './operators.ts'
import type { Verdict } from './trial.ts'

/**
 * The findings of a run so far. The file holds every verdict as soon as it is known: a run that is interrupted loses
 * none.
 */
export class Report {
  readonly #path: string
  readonly #seed: number
  readonly #total: number
  readonly #verdicts: Verdict[] = []
  #killed = 0

  /** `total` mutants are to be tried, of which `known` have been. */
  constructor(path: string, seed: number, total: number, known: readonly Verdict[] = []) {
    this.#path = path
    this.#seed = seed
    this.#total = total
    mkdirSync(dirname(path), { recursive: true })
    this.#verdicts.push(...known)
    this.#killed = known.filter(isKilled).length
    this.#write()
  }

  add(verdict: Verdict): void {
    this.#verdicts.push(verdict)
    if (isKilled(verdict)) this.#killed++
    this.#write()
  }

  get tried(): number {
    return this.#verdicts.length
  }

  /** Per cent of the tried mutants that were killed; 100 when none was tried. */
  get share(): number {
    return this.#verdicts.length === 0 ? 100 : (100 * this.#killed) / this.#verdicts.length
  }

  /** Bugs written by hand have a test each: with any share, none may survive. */
  get plantedSurvivors(): number {
    return this.#verdicts.filter((verdict) => verdict.operator === 'planted' && !isKilled(verdict)).length
  }

  get score(): string {
    const tried = this.#verdicts.length
    const of = tried < this.#total ? `${tried} tried mutants (of ${this.#total})` : `${tried} mutants`
    const endless = this.#verdicts.filter(({ outcome }) => outcome === 'timed out').length
    const how = endless === 0 ? '' : `, ${endless} of them because a test did not end`
    return `${this.#killed} of ${of} killed (${this.share.toFixed(1)} %${how}), seed ${this.#seed}`
  }

  /** A reader never sees half a report. */
  #write(): void {
    const report = { seed: this.#seed, total: this.#total, killed: this.#killed, verdicts: this.#verdicts }
    writeFileSync(`${this.#path}.new`, JSON.stringify(report, null, 1))
    renameSync(`${this.#path}.new`, this.#path)
  }
}

export function isKilled({ outcome }: Verdict): boolean {
  return outcome === 'killed' || outcome === 'timed out'
}

/**
 * The mutants among these that an earlier run has found to be killed: tests that noticed them then will do so again.
 */
export function killedBefore(path: string, mutants: readonly Mutant[]): Verdict[] {
  if (!existsSync(path)) return []
  const { verdicts } = JSON.parse(readFileSync(path, 'utf8')) as { verdicts: Verdict[] }
  const wanted = new Set(mutants.map(nameOf))
  return verdicts.filter((verdict) => isKilled(verdict) && wanted.has(nameOf(verdict)))
}

/** The key that distinguishes it from all others of the same source. */
export function nameOf({ file, start, operator, before, after }: Mutant): string {
  return JSON.stringify([file, start, operator, before, after])
}
