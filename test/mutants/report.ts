import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Verdict } from './trial.ts'

/** What a run has found so far. The file holds every verdict as soon as it is known: a run that is interrupted loses none. */
export class Report {
  readonly #path: string
  readonly #seed: number
  readonly #total: number
  readonly #verdicts: Verdict[] = []
  #killed = 0

  /** `total` mutants are to be tried. */
  constructor(path: string, seed: number, total: number) {
    this.#path = path
    this.#seed = seed
    this.#total = total
    mkdirSync(dirname(path), { recursive: true })
    this.#write()
  }

  add(verdict: Verdict): void {
    this.#verdicts.push(verdict)
    if (isKilled(verdict)) this.#killed++
    this.#write()
  }

  /** Per cent of the tried mutants that were killed; 100 when none was tried. */
  get share(): number {
    return this.#verdicts.length === 0 ? 100 : (100 * this.#killed) / this.#verdicts.length
  }

  /** Bugs written by hand have a test each: whatever the share, none may survive. */
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
