import { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import type { Counts, Direction } from './traffic.ts'
import type { TreeDefectName } from './tree-defects.ts'
import {
  type Aftermath,
  checkAftermath,
  checkConvergence,
  checkLoad,
  checkTraffic,
  type Death,
  type LevelZeroTraffic,
  type TreeFinding,
} from './tree-properties.ts'
import type { TreeLevels } from './tree-shape.ts'
import { type SimCascade, TreeWorld } from './tree-world.ts'

export interface TreeOptions {
  readonly levels: TreeLevels
  /** Default: crashed. */
  readonly death?: Death
  readonly defects?: readonly TreeDefectName[]
  readonly trace?: (line: string) => void
}

export interface TreeOutcome {
  readonly findings: readonly TreeFinding[]
  /** Of virtual time, from the start to the last broker that got another source; null: there was no end of it. */
  readonly convergedSeconds: number | null
  /** The same after the death. */
  readonly againSeconds: number | null
  readonly traffic: LevelZeroTraffic
  readonly aftermath: Aftermath
  /** Bytes at level 0 in the second with the most of them after the death. */
  readonly worstBytes: number
  /** The oldest report that level 0 has acted on, in milliseconds. */
  readonly oldestReportMs: number
  readonly events: number
  readonly digest: number
}

/** No broker has moved for so long: longer than a decision and the report of it take on four levels. */
const QUIET_SECONDS = 8
/** A new leader decides nothing before. */
const SETTLED_SECONDS = 7
const LIMIT_SECONDS = 90
const MEASURED_SECONDS = 5
const AFTERMATH_SECONDS = 10
const LOOK_MS = 50

/**
 * The story of one tree: all brokers start, the leader spreads them, calm is measured, the source of level 1 with most
 * brokers dies, and the tree comes to rest again. Equal seeds give equal stories.
 */
export async function runTreeSeed(seed: number, options: TreeOptions): Promise<TreeOutcome> {
  const world = await TreeWorld.build(options.levels, seed, options.defects ?? [])
  return new Story(world, seed, options).tell()
}

class Story {
  readonly #world: TreeWorld
  readonly #random: SimRandom
  readonly #options: TreeOptions
  #sources = new Map<number, number>()
  #digest = 0

  constructor(world: TreeWorld, seed: number, options: TreeOptions) {
    this.#world = world
    this.#random = new SimRandom(seed + 2)
    this.#options = options
  }

  async tell(): Promise<TreeOutcome> {
    const world = this.#world
    const convergedSeconds = await this.#rest(SETTLED_SECONDS)
    const findings = [...checkConvergence(convergedSeconds, 'After the start'), ...this.#loads()]
    const traffic = await this.#calm()
    const brokers = world.cascades.length
    findings.push(...checkTraffic(traffic, this.#options.levels[0]!, brokers))
    const { aftermath, worstBytes } = await this.#death()
    findings.push(...checkAftermath(aftermath))
    const rested = await this.#rest(0)
    const againSeconds = rested === null ? null : rested + AFTERMATH_SECONDS
    findings.push(...checkConvergence(againSeconds, 'After the death of a source'), ...this.#loads())
    const oldestReportMs = world.oldestReportMs
    const { events } = world.loop
    const measured = { traffic, aftermath, worstBytes, oldestReportMs, events, digest: this.#digest }
    return { findings, convergedSeconds, againSeconds, ...measured }
  }

  /** Until no broker moves: the seconds to the last one that did. */
  async #rest(atLeast: number): Promise<number | null> {
    const begin = this.#world.seconds
    let last = begin
    while (this.#world.seconds - begin < LIMIT_SECONDS) {
      await this.#world.pass(1)
      if (this.#moved().length > 0) last = this.#world.seconds
      const isBound = [...this.#sources.values()].every((source) => source !== 0)
      const quiet = this.#world.seconds - Math.max(last, begin + atLeast)
      if (isBound && quiet >= QUIET_SECONDS) return last - begin
    }
    return null
  }

  /** Brokers that have another source than when this was asked last. */
  #moved(): number[] {
    const now = this.#world.sources()
    const moved = [...now].filter(([id, source]) => this.#sources.get(id) !== source)
    for (const [id, source] of moved) this.#digest = (Math.imul(this.#digest, 31) + id * 7 + source) | 0
    if (moved.length > 0) {
      this.#options.trace?.(`${this.#world.seconds.toFixed(2)} s: ${moved.length} brokers have another source`)
    }
    this.#sources = now
    return moved.map(([id]) => id)
  }

  #loads(): TreeFinding[] {
    const { levels } = this.#options
    const counts = new Map<number, number>()
    for (const source of this.#world.sources().values()) counts.set(source, (counts.get(source) ?? 0) + 1)
    return levels.flatMap((_, level) =>
      checkLoad(
        level,
        this.#world.idsOf(level).map((id) => counts.get(id) ?? 0),
      ),
    )
  }

  async #calm(): Promise<LevelZeroTraffic> {
    const before = this.#world.traffic.snapshot()
    await this.#world.pass(MEASURED_SECONDS)
    const perSecond = (direction: Direction): Counts => {
      const { messages, bytes } = this.#world.traffic.since(before, 0, direction)
      return { messages: messages / MEASURED_SECONDS, bytes: bytes / MEASURED_SECONDS }
    }
    return { up: perSecond('up'), down: perSecond('down'), peers: perSecond('peers') }
  }

  async #death(): Promise<{ aftermath: Aftermath; worstBytes: number }> {
    const world = this.#world
    const victim = this.#victim()
    const orphans = world.childrenOf(victim.id)
    const [at, firstCall] = [world.seconds, world.wires.calls.length]
    this.#options.trace?.(`${at.toFixed(2)} s: broker ${victim.id} with ${orphans.length} brokers dies`)
    world.kill(victim.id, this.#options.death ?? 'crashed')
    const moves = new Map<number, number>()
    const others = new Set<number>()
    const known = new Set([victim, ...orphans].map(({ id }) => id))
    let [worstBytes, looks, before] = [0, 0, world.traffic.snapshot()]
    await world.pass(AFTERMATH_SECONDS, LOOK_MS, () => {
      for (const { id, node } of orphans) {
        const source = node.uplink.session?.source ?? 0
        if (source !== 0 && source !== victim.id && !moves.has(id)) moves.set(id, world.seconds - at)
      }
      if (++looks % (1_000 / LOOK_MS) !== 0) return
      for (const id of this.#moved()) if (!known.has(id)) others.add(id)
      const directions = ['up', 'down', 'peers'] as const
      const bytes = directions.reduce((sum, direction) => sum + world.traffic.since(before, 0, direction).bytes, 0)
      worstBytes = Math.max(worstBytes, bytes)
      before = world.traffic.snapshot()
    })
    const addresses = new Set(orphans.map(({ address }) => address))
    const calls = world.wires.calls.slice(firstCall).filter(({ from }) => addresses.has(from))
    const aftermath = {
      orphans: orphans.length,
      moves: [...moves.values()],
      calls: calls.length,
      busiest: busiestSecond(calls),
      sources: world.idsOf(victim.level).length,
      othersMoved: others.size,
      brokers: world.cascades.length,
    }
    return { aftermath, worstBytes }
  }

  /** One of those of level 1 with most brokers. */
  #victim(): SimCascade {
    const sources = this.#world.idsOf(1).map((id) => ({ id, load: this.#world.childrenOf(id).length }))
    const most = Math.max(...sources.map(({ load }) => load))
    return this.#world.broker(this.#random.pick(sources.filter(({ load }) => load === most)).id)
  }
}

/** The most calls that one broker gets in one second. */
function busiestSecond(calls: readonly { readonly at: number; readonly to: string }[]): number {
  const counts = new Map<string, number>()
  for (const { at, to } of calls) {
    const key = `${to} ${Math.floor(at / 1e6)}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return Math.max(0, ...counts.values())
}
