import { type BrokerId, type CascadeReport, type Message, TailraceError } from '@tailrace/schemas'
import { areSameConnections, isSameField, isSameLag, isSameRate } from './slight-changes.ts'

/** The part of a beat that tells reports, whole or as changes of those before. */
type ToldReports = Required<Pick<Message<'CascadeBeat'>, 'reports' | 'after' | 'ages' | 'gone'>>

/** Of the ages of reports that have not changed: an Avro int below 64 takes one byte. */
const ageStepMs = 100
/** So many reports that have hardly changed go with each beat, those first that were told longest ago. */
const refreshed = 16

/**
 * The reports that a source, or the metadata leader, has from this broker, and what it is to be told of them: the
 * sender's own, those that have changed, and a few others in turn. So a beat is hardly longer for a broker with
 * thousands of brokers below it than for one with twenty (docs/decisions/cascade-changes.md).
 */
export class SentReports {
  /** In the order in which they were told. */
  #told = new Map<BrokerId, CascadeReport>()
  #beats = 0
  /** 0: nobody has confirmed the last beat. */
  #after = 0

  /** `reports`: the sender's own first. `beat`: for `taken`. */
  next(reports: readonly CascadeReport[]): { readonly beat: number; readonly fields: ToldReports } {
    const beat = ++this.#beats
    const after = this.#after
    this.#after = 0
    const [own, ...others] = reports
    if (after === 0 || own === undefined) {
      this.#told = new Map(reports.map((report) => [report.broker, report]))
      return { beat, fields: { reports, after: 0, ages: [], gone: [] } }
    }
    const below = others.filter(({ broker }) => broker !== own.broker).sort((a, b) => a.broker - b.broker)
    const gone = this.#forget(own, below)
    const telling = this.#toTell(own, below)
    const told = [own, ...below.filter(({ broker }) => telling.has(broker))]
    for (const report of told) {
      this.#told.delete(report.broker)
      this.#told.set(report.broker, report)
    }
    const unchanged = below.filter(({ broker }) => !telling.has(broker))
    const ages = unchanged.map(({ ageMs }) => Math.ceil(ageMs / ageStepMs))
    return { beat, fields: { reports: told, after, ages, gone } }
  }

  /** The answer to a beat. `taken`: as it says; 0: it takes whole reports only. */
  taken(beat: number, taken: number): void {
    if (beat === this.#beats) this.#after = taken
  }

  #forget(own: CascadeReport, below: readonly CascadeReport[]): BrokerId[] {
    const known = new Set([own.broker, ...below.map(({ broker }) => broker)])
    const gone = [...this.#told.keys()].filter((broker) => !known.has(broker))
    for (const broker of gone) this.#told.delete(broker)
    return gone
  }

  #toTell(own: CascadeReport, below: readonly CascadeReport[]): Set<BrokerId> {
    const changed = below.filter((report) => hasChanged(this.#told.get(report.broker), report))
    const telling = new Set(changed.map(({ broker }) => broker))
    const most = telling.size + refreshed
    for (const broker of this.#told.keys()) {
      if (telling.size >= most) break
      if (broker !== own.broker) telling.add(broker)
    }
    return telling
  }
}

/** The other side of `SentReports`: puts the changes into what was told before. */
export class HeardReports {
  #heard = new Map<BrokerId, CascadeReport>()
  #taken = 0

  /** How many beats were taken: what the next one may build on. */
  get taken(): number {
    return this.#taken
  }

  /** All reports of the sender, its own first. @throws TailraceError INVALID_REQUEST */
  take({ reports, after = 0, ages = [], gone = [] }: Message<'CascadeBeat'> | Message<'CascadeReports'>) {
    const heard = after === 0 ? new Map<BrokerId, CascadeReport>() : this.#aged(reports, after, ages, gone)
    for (const report of reports) heard.set(report.broker, report)
    this.#heard = heard
    this.#taken++
    const own = reports[0]?.broker
    return [...reports.slice(0, 1), ...[...heard.values()].filter(({ broker }) => broker !== own)]
  }

  #aged(
    reports: readonly CascadeReport[],
    after: number,
    ages: readonly number[],
    gone: readonly BrokerId[],
  ): Map<BrokerId, CascadeReport> {
    const heard = new Map(this.#heard)
    for (const broker of gone) heard.delete(broker)
    for (const { broker } of reports) heard.delete(broker)
    const unchanged = [...heard.keys()].sort((a, b) => a - b)
    if (after !== this.#taken || ages.length !== unchanged.length || ages.some((age) => age < 0)) {
      throw new TailraceError('INVALID_REQUEST', 'The reports do not continue those of the beat before.')
    }
    for (const [at, broker] of unchanged.entries()) {
      heard.set(broker, { ...heard.get(broker)!, ageMs: ages[at]! * ageStepMs })
    }
    return heard
  }
}

/** What is measured changes all the time. Everything else decides where brokers belong, or calls for an operator. */
const measured: ReadonlySet<string> = new Set([
  'lagRecords',
  'lagBytes',
  'lagMs',
  'ageMs',
  'condition',
  'connections',
  'sentBytesPerSecond',
  'clientBytesPerSecond',
  'copiedBytesPerSecond',
])

function hasChanged(told: CascadeReport | undefined, now: CascadeReport): boolean {
  if (told === undefined) return true
  if (!isSameLag(told.lagMs, now.lagMs) || !areSameConnections(told.connections, now.connections)) return true
  if (!isSameRate(told.clientBytesPerSecond, now.clientBytesPerSecond)) return true
  const [before, after] = [told.condition, now.condition]
  if (before?.ready !== after?.ready || before?.writable !== after?.writable) return true
  if (before?.stopped !== after?.stopped || before?.quarantined !== after?.quarantined) return true
  return Object.entries(now).some(
    ([name, value]) => !measured.has(name) && !isSameField(told[name as keyof CascadeReport], value),
  )
}
