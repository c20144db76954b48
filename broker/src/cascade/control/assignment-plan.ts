import type { BrokerId, CascadeReport } from '@tailrace/schemas'
import type { ClusterDescription } from '../../api/broker-api.ts'
import type { Clock } from '../../platform/clock.ts'
import { assignSources, type Source } from './assignment.ts'
import { ancestorsOf, sourcesOf } from './chain.ts'
import { otherLoad } from './other-load.ts'
import { PlannedMoves } from './planned-moves.ts'
import { type Delay, SlowSources } from './slow-sources.ts'
import { topicRefusals } from './topic-refusals.ts'

/** What the plan is made from, as the metadata leader has heard it. */
export interface Heard {
  /** All cascade brokers. */
  readonly known: readonly CascadeReport[]
  readonly cluster: Pick<ClusterDescription, 'brokers'>
  /** Sources that operators have chosen and that are not reported yet; 0: the choice is taken back. */
  readonly wishes: ReadonlyMap<BrokerId, BrokerId>
}

/** Every beat of level 1 asks for the plan: it is made anew no more often than this. */
const madeEveryMs = 500
/** So many move at a time: a share of all, and at least some. */
const movingShare = 0.1
const leastMoving = 10
/** With more refusals than this many plans find, some moves wait for later plans. */
const mostAttempts = 20
/** A report is passed on with the next beat of each level, and may be late by so much. */
const beatMs = 1_000
const lateMs = 500
/** Before that its lag says more of the source that it had. */
const settledMs = 10_000
/** One broker that is late may be slow itself. */
const leastWitnesses = 2

/** A source, and since when a broker has had it. */
interface Stay {
  readonly source: BrokerId
  readonly since: number
}

/**
 * The source of each cascade broker (M89), decided by the reports of all of them and by what was decided before:
 * who is on the move counts as moved, and only some move at a time.
 */
export class AssignmentPlan {
  readonly #clock: Clock
  readonly #slow = new SlowSources()
  readonly #moves = new PlannedMoves()
  readonly #stays = new Map<BrokerId, Stay>()
  #made: { readonly at: number; readonly sources: ReadonlyMap<BrokerId, BrokerId> } | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** An operator has chosen: the next plan is made at once. */
  outdated(): void {
    this.#made = null
  }

  /** For brokers that will be told. */
  decide(heard: Heard): ReadonlyMap<BrokerId, BrokerId> {
    const now = this.#clock.monotonic()
    if (this.#made !== null && now - this.#made.at < madeEveryMs) return this.#made.sources
    this.#observe(heard, now)
    const sources = this.preview(heard)
    this.#moves.decided(heard.known, sources, now)
    this.#made = { at: now, sources }
    return sources
  }

  /** As it would be decided now; nobody is told. */
  preview({ known, cluster, wishes }: Heard): ReadonlyMap<BrokerId, BrokerId> {
    const sources = this.#sources(known, cluster)
    const seekers = known
      .map((report) => ({ ...report, source: this.#moves.sourceOf(report) }))
      .map(({ broker, home, source, pinned }) => ({ broker, home, source, pinned: wishes.get(broker) ?? pinned }))
      .filter(({ source, pinned }) => source !== 0 || pinned !== 0)
    const moving = Math.max(leastMoving, Math.ceil(known.length * movingShare))
    const maxMoves = Math.max(0, moving - this.#moves.size)
    const links = sourcesOf(known)
    const refuses = topicRefusals(known)
    const living = new Set(sources.map(({ broker }) => broker))
    // One that would be refused keeps the source that it has, and another one moves in its place.
    const keeping = new Set<BrokerId>()
    for (let attempt = 1; ; attempt++) {
      const placed = seekers
        .filter(({ broker, source }) => !keeping.has(broker) || living.has(source))
        .map((seeker) => (keeping.has(seeker.broker) ? { ...seeker, pinned: seeker.source } : seeker))
      const assigned = assignSources(placed, sources, { maxMoves })
      const before = keeping.size
      for (const [broker, source] of assigned) {
        // Choices of operators may form a cycle by now.
        const isCycle = ancestorsOf(source, links).includes(broker)
        if (!isCycle && !refuses(source, broker)) continue
        assigned.delete(broker)
        if (!isCycle) keeping.add(broker)
      }
      if (keeping.size === before || attempt === mostAttempts) return assigned
    }
  }

  #sources(known: readonly CascadeReport[], { brokers }: Heard['cluster']): Source[] {
    const slow = this.#slow.now
    const levelZero = brokers.filter(({ alive }) => alive).map(({ id }) => ({ broker: id, level: 0 }))
    const below = new Map<BrokerId, number>()
    for (const { source } of known) below.set(source, (below.get(source) ?? 0) + 1)
    const cascades = known.filter(isSettled).map((report) => {
      const { broker, level, ageMs, condition } = report
      // It may be gone, or has not caught up with its own source yet.
      const closed = ageMs > level * beatMs + lateMs || condition?.ready === false
      return { broker, level, closed, otherLoad: otherLoad(report, below.get(broker) ?? 0) }
    })
    return [...levelZero, ...cascades].map((source) => ({ ...source, slow: slow.has(source.broker) }))
  }

  /** Takes note of who has moved, and of who is late. */
  #observe({ known, cluster }: Heard, now: number): void {
    this.#moves.heard(known)
    const heard = new Set(known.map(({ broker }) => broker))
    for (const broker of this.#stays.keys()) if (!heard.has(broker)) this.#stays.delete(broker)
    for (const { broker, source } of known)
      if (this.#stays.get(broker)?.source !== source) this.#stays.set(broker, { source, since: now })
    this.#slow.update(this.#delays(known, cluster, now), now)
  }

  /** Of a source: what it is behind itself, and what all brokers that have copied from it for a while are behind. */
  #delays(known: readonly CascadeReport[], { brokers }: Heard['cluster'], now: number): Delay[] {
    const lags = new Map<BrokerId, number[]>()
    for (const { broker, source, lagMs } of known) {
      if (now - this.#stays.get(broker)!.since < settledMs) continue
      const ofSource = lags.get(source) ?? []
      lags.set(source, ofSource)
      ofSource.push(lagMs)
    }
    const below = (broker: BrokerId): number => {
      const ofSource = lags.get(broker) ?? []
      return ofSource.length < leastWitnesses ? 0 : ofSource.reduce((a, b) => Math.min(a, b))
    }
    return [
      ...brokers.filter(({ alive }) => alive).map(({ id }) => ({ broker: id, level: 0, ms: below(id) })),
      ...known.filter(isSettled).map(({ broker, level, lagMs }) => ({ broker, level, ms: lagMs + below(broker) })),
    ]
  }
}

/**
 * It is on its level. Without a source it has lost one a moment ago, and is about to copy from the broker that has
 * passed on this report: those that copy from it stay. One that has had no source since its start is on no level.
 */
function isSettled({ level, home }: CascadeReport): boolean {
  return level === home && level > 0
}
