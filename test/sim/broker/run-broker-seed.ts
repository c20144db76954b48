import { type Defects, noDefects } from '../../../broker/src/raft/defects.ts'
import { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import { Chronicle } from './chronicle.ts'
import { hastenRefusals } from './condition-defects.ts'
import { GroupsCast } from './consumer-groups/groups-cast.ts'
import { type BrokerDefects, noBrokerDefects } from './defects.ts'
import {
  drawBrokerSwarm,
  withCascades,
  withConditions,
  withConsumerGroups,
  withLargeRounds,
  withUpkeep,
} from './draw-swarm.ts'
import { faultClasses } from './faults/table.ts'
import { fillAndLeave } from './fill-disks.ts'
import { asFinding, Finding } from './finding.ts'
import { checkOutcome, PATIENCE_MS, publishToAll, unsettled } from './outcome.ts'
import type { BrokerSwarm, UpkeepSwarm } from './swarm.ts'
import { Conditions } from './workload/conditions.ts'
import { LevelReader } from './workload/level-reader.ts'
import { LinearizableReader } from './workload/linearizable-reader.ts'
import type { PartitionLedger } from './workload/partition-ledger.ts'
import { Producer } from './workload/producer.ts'
import { SimReader } from './workload/reader.ts'
import { churnTopics, insist } from './workload/topic-churn.ts'
import { World } from './world.ts'

/** A mechanism that can be switched off: of the core, or of the broker around it. */
export type BrokerDefectName = keyof Defects | keyof BrokerDefects

export const brokerDefectNames = [...Object.keys(noDefects), ...Object.keys(noBrokerDefects)] as BrokerDefectName[]

const RAFT_MESSAGES = 'raft-messages'
const CASCADES = 'cascades'
const CONDITIONS = 'conditions'
const UPKEEP = 'upkeep'
const CONSUMER_GROUPS = 'consumer-groups'
/** Of members of consumer groups, and of groups that nobody uses. */
const STUCK_HANDLERS = 'stuck-handlers'
const EXPIRY = 'expiry'

/** Classes of faults that can be left out of a history. */
export const brokerFaultNames: readonly string[] = [
  ...faultClasses.map(({ name }) => name),
  RAFT_MESSAGES,
  CASCADES,
  CONDITIONS,
  UPKEEP,
  CONSUMER_GROUPS,
  STUCK_HANDLERS,
  EXPIRY,
]

export interface BrokerSeedOptions {
  readonly defects?: readonly BrokerDefectName[]
  /** Classes of faults that are left out although the seed has them: to shrink a history. */
  readonly without?: readonly string[]
  /** Nearly all rounds refer to bytes in segments, and machines lose their power often. */
  readonly largeRounds?: boolean
  /** Every seed has cascade brokers. */
  readonly cascades?: boolean
  /** Every seed with one release has clients that publish under conditions. */
  readonly conditions?: boolean
  /** The brokers of every seed look after the spread of replicas. */
  readonly upkeep?: boolean
  /** Every seed has consumer groups. */
  readonly consumerGroups?: boolean
  /** Ends the phase with faults early, in milliseconds: likewise. */
  readonly faultMs?: number
  readonly trace?: (line: string) => void
}

export interface BrokerSeedResult {
  readonly seed: number
  readonly swarm: BrokerSwarm
  readonly digest: string
  readonly events: number
  readonly virtualMs: number
  readonly elections: number
  readonly acknowledged: number
  readonly shown: number
  readonly crashes: number
  readonly rots: number
  readonly refusals: number
  readonly sleeps: number
  readonly cuts: number
  readonly installs: number
  /** Operations that the operator asked for and got: changes of members, transfers, snapshots and the like. */
  readonly operations: number
  /**
   * Times that the feature level was raised, that the newer release's command was written, and that the older one
   * refused to start (release.ts).
   */
  readonly raised: number
  readonly newer: number
  readonly refusedStarts: number
  /** Times that users, tokens, rules or quotas changed. */
  readonly rules: number
  /** Batches that cascade brokers copied, sources that they took, and reads that went on at another level. */
  readonly copied: number
  readonly sources: number
  readonly levelMoves: number
  /** Publishes under conditions that were taken, and that were refused because one did not hold. */
  readonly conditionsMet: number
  readonly conditionsUnmet: number
  /** Replicas and leaderships that brokers moved unasked, and brokers that were drained. */
  readonly upkeepMoves: number
  readonly replicaMoves: number
  readonly drains: number
  /**
   * Leases that members of consumer groups got, their commits, those that were refused, delayed records handled,
   * partitions that were given up because of a stuck handler, and positions that had expired.
   */
  readonly leases: number
  readonly commits: number
  readonly fenced: number
  readonly redelivered: number
  readonly declined: number
  readonly expired: number
  readonly finding: Finding | null
}

/** Virtual time in which a cluster without faults must be formed and have its topics. */
const FORMATION_MS = 60_000

/** Looks of the brokers at the spread until rates that were measured under load count no more, and those behind. */
const ROUNDS_TO_REST = 60
const ROUNDS_AT_REST = 40

/** Virtual time in which full disks must have room again once a topic is to be deleted. */
const LEAVING_MS = 30_000

/**
 * Runs the history of one seed with whole brokers: faults, then calm. The same seed gives the same history on every
 * machine.
 */
export async function runBrokerSeed(seed: number, options: BrokerSeedOptions = {}): Promise<BrokerSeedResult> {
  const { defects = [], trace = null } = options
  const swarm = shrunk(seed, options)
  const chronicle = new Chronicle(trace)
  const on = (known: object): Record<string, true> =>
    Object.fromEntries(defects.filter((name) => name in known).map((name) => [name, true]))
  const core = { ...noDefects, ...on(noDefects) }
  const around = { ...noBrokerDefects, ...on(noBrokerDefects) }
  const world = new World(seed, swarm, chronicle, core, around)
  const rejected = (error: unknown): void =>
    world.watch.report(
      new Finding('unhandled-rejection', error instanceof Error ? (error.stack ?? error.message) : String(error)),
    )
  process.on('unhandledRejection', rejected)
  const restore = hastenRefusals(around)
  const cast = new Cast(world)
  try {
    await play(world, cast)
  } catch (error) {
    world.watch.report(asFinding(error))
  } finally {
    process.off('unhandledRejection', rejected)
    restore()
    world.open = false
  }
  const ledgers = [...world.ledgers]
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
  return {
    seed,
    swarm,
    digest: chronicle.digest,
    events: world.loop.events,
    virtualMs: Math.round(world.loop.now / 1000),
    elections: sum([...world.watch.groups.values()].map((group) => group.elections)),
    acknowledged: sum(ledgers.map((ledger) => ledger.acknowledged)),
    shown: sum(ledgers.map((ledger) => ledger.shown)),
    crashes: world.crashes + world.cascades.crashes,
    rots: world.rots,
    refusals: sum(cast.producers.map(({ refusals }) => refusals)),
    sleeps: sum([...world.watch.groups.values()].flatMap(({ replicas }) => replicas.map(({ sleeps }) => sleeps))),
    cuts: sum([...world.watch.groups.values()].map(({ cuts }) => cuts)),
    installs: sum([...world.watch.groups.values()].map(({ installs }) => installs)),
    operations: sum([...world.operations.values()]),
    raised: world.watch.releases?.raised ?? 0,
    newer: world.watch.releases?.written ?? 0,
    refusedStarts: world.watch.releases?.refusals ?? 0,
    rules: world.watch.security.changes,
    copied: world.cascades.watch.copied,
    sources: sum(world.cascades.all.map(({ sources }) => sources)),
    levelMoves: world.levelMoves,
    conditionsMet: sum(cast.conditions.places.map(({ history }) => history.accepted)),
    conditionsUnmet: sum(cast.conditions.places.map(({ history }) => history.refused)),
    upkeepMoves: world.watch.upkeep?.moves ?? 0,
    replicaMoves: world.watch.upkeep?.replicaMoves ?? 0,
    drains: world.watch.upkeep?.drains ?? 0,
    leases: cast.groups?.watch.leases ?? 0,
    commits: cast.groups?.watch.commits ?? 0,
    fenced: cast.groups?.watch.fenced ?? 0,
    redelivered: cast.groups?.watch.redelivered ?? 0,
    declined: cast.groups?.watch.declined ?? 0,
    expired: cast.groups?.watch.expired ?? 0,
    finding: world.watch.finding,
  }
}

/** The clients and operators of a world. */
class Cast {
  readonly producers: Producer[] = []
  readonly conditions: Conditions
  readonly groups: GroupsCast | null
  readonly #world: World

  constructor(world: World) {
    this.#world = world
    this.conditions = new Conditions(world)
    const { consumerGroups } = world.swarm
    this.groups = consumerGroups === null ? null : new GroupsCast(world, consumerGroups)
  }

  enter(ledgers: readonly PartitionLedger[]): void {
    const world = this.#world
    const { producers, readers, publishEveryMs, churnEveryMs } = world.swarm
    for (let number = 0; number < producers; number++) {
      ledgers.forEach((ledger, at) => {
        const producer = new Producer(world, world.stream(200 + number * 20 + at), number * 20 + at, ledger)
        this.producers.push(producer)
        void producer.run(publishEveryMs)
      })
    }
    for (let number = 0; number < readers; number++) void new SimReader(world, world.stream(400 + number)).run(ledgers)
    new LinearizableReader(world, world.stream(450)).run(ledgers)
    for (let number = 0; number < (world.swarm.cascades?.readers ?? 0); number++)
      void new LevelReader(world, world.stream(460 + number)).run(ledgers)
    if (world.swarm.conditions !== null) void this.conditions.enter()
    this.groups?.enter()
    if (churnEveryMs > 0) void churnTopics(world, world.stream(500), churnEveryMs)
  }
}

async function play(world: World, cast: Cast): Promise<void> {
  const { swarm } = world
  world.startAll()
  if (swarm.earlyFaults) world.unleash()
  let topics: PartitionLedger[] | null = null
  void makeTopics(world).then((ledgers) => {
    topics = ledgers
    world.formed = true
    cast.enter(ledgers)
    if (!swarm.earlyFaults) world.unleash()
  })
  const created = (): boolean => topics !== null
  // With early faults all this may have to wait for the calm.
  if (!(await pass(world, swarm.earlyFaults ? swarm.faultMs : FORMATION_MS, created)) && !swarm.earlyFaults)
    throw new Finding('liveness', `no topics after ${FORMATION_MS} ms without faults: ${unsettled(world)}`)
  await pass(world, swarm.faultMs, () => false)
  world.calm()
  if (!(await pass(world, PATIENCE_MS, created)))
    throw new Finding('liveness', `no topics ${PATIENCE_MS} ms after the end of faults: ${unsettled(world)}`)
  await settle(world, topics!, cast)
}

async function settle(world: World, ledgers: readonly PartitionLedger[], { conditions, groups }: Cast): Promise<void> {
  if (groups !== null) await settleGroups(world, groups)
  let published = false
  void publishToAll(world, ledgers).then(() => {
    published = true
    world.open = false
  })
  const settled = (): boolean => published && world.publishing === 0 && unsettled(world) === null
  if (!(await pass(world, PATIENCE_MS, settled))) {
    const why = unsettled(world) ?? 'a publish is not acknowledged'
    throw new Finding('liveness', `${PATIENCE_MS} ms after the end of faults ${why}`)
  }
  if (world.swarm.upkeep !== null) await comeToRest(world, world.swarm.upkeep, settled)
  if (world.swarm.fillsDisks && !(await leavesFullDisks(world)))
    throw new Finding('full-disk-left', `full disks have no room again within ${LEAVING_MS} ms: ${unsettled(world)}`)
  let checked = false
  let failure: unknown = null
  Promise.all([checkOutcome(world, ledgers), groups?.checkOutcome()]).then(
    () => {
      world.watch.guard(() => conditions.check())
      checked = true
    },
    (error: unknown) => {
      failure = error
      checked = true
    },
  )
  if (!(await pass(world, PATIENCE_MS, () => checked))) throw new Finding('liveness', 'the replicas cannot be read')
  if (failure !== null) throw failure
  if (world.watch.finding !== null) throw world.watch.finding
}

/** Moves end, and then there are no more. */
async function comeToRest(world: World, { balanceMs }: UpkeepSwarm, settled: () => boolean): Promise<void> {
  await pass(world, ROUNDS_TO_REST * balanceMs, () => false)
  if (!(await pass(world, PATIENCE_MS, settled)))
    throw new Finding('liveness', `moves do not end: ${unsettled(world) ?? 'a publish is not acknowledged'}`)
  world.watch.upkeep!.rest(true)
  await pass(world, ROUNDS_AT_REST * balanceMs, () => false)
  world.watch.upkeep!.rest(false)
}

/**
 * Groups share all partitions among their members, and come to be empty: before that their coordinators write again and
 * again, so that no two replicas are ever the same for long.
 */
async function settleGroups(world: World, groups: GroupsCast): Promise<void> {
  const settled = async (): Promise<void> => {
    if (!(await pass(world, PATIENCE_MS, () => groups.unsettled() === null)))
      throw new Finding('liveness', `${PATIENCE_MS} ms after the end of faults ${groups.unsettled()}`)
  }
  groups.calm()
  await settled()
  groups.handlersMayReturn()
  await settled()
  await within(world, groups.leave(), 'consumer groups do not become empty')
  await within(world, groups.checkOutcome(), 'the groups cannot be read')
  await within(world, groups.expire(), 'consumer groups without members do not expire')
}

/** @throws Finding liveness, with what is wrong if it takes too long; what the work rejects with */
async function within(world: World, work: Promise<void>, wrong: string): Promise<void> {
  let outcome: { readonly failure: unknown } | null = null
  work.then(
    () => (outcome = { failure: null }),
    (failure: unknown) => (outcome = { failure }),
  )
  if (!(await pass(world, PATIENCE_MS, () => outcome !== null))) throw new Finding('liveness', wrong)
  const { failure } = outcome as unknown as { readonly failure: unknown }
  if (failure !== null) throw failure
}

async function leavesFullDisks(world: World): Promise<boolean> {
  world.open = true
  let left = false
  void fillAndLeave(world).then(() => (left = true))
  const inTime = await pass(world, LEAVING_MS, () => left)
  world.open = false
  return inTime && pass(world, PATIENCE_MS, () => unsettled(world) === null)
}

async function makeTopics(world: World): Promise<PartitionLedger[]> {
  const random = world.stream(600)
  for (const { name, ...shape } of world.swarm.topics) await insist(world, random, name, true, shape)
  return world.swarm.topics.flatMap(({ name }) => world.ledgersOf(name))
}

/** Lets time pass until a condition holds; false if it does not by then. Throws early when a property does not hold. */
async function pass(world: World, ms: number, done: () => boolean): Promise<boolean> {
  const { watch, loop } = world
  const happened = await loop.run(loop.now + ms * 1000, () => watch.finding !== null || done())
  if (watch.finding !== null) throw watch.finding
  return happened
}

function shrunk(seed: number, options: BrokerSeedOptions): BrokerSwarm {
  const { without = [], faultMs, largeRounds, cascades, conditions, upkeep, consumerGroups } = options
  const drawn = drawBrokerSwarm(new SimRandom(seed))
  const levelled = without.includes(CASCADES) ? drawn : withCascades(seed, drawn, cascades ?? false)
  const written = without.includes(CONDITIONS) ? levelled : withConditions(seed, levelled, conditions ?? false)
  const kept = without.includes(UPKEEP) ? written : withUpkeep(seed, written, upkeep ?? false)
  const grouped = without.includes(CONSUMER_GROUPS) ? kept : withConsumerGroups(seed, kept, consumerGroups ?? false)
  const groups = grouped.consumerGroups && {
    ...grouped.consumerGroups,
    ...(without.includes(STUCK_HANDLERS) && { sticks: false }),
    ...(without.includes(EXPIRY) && { expirationMs: 0 }),
  }
  const swarm = largeRounds
    ? withLargeRounds({ ...grouped, consumerGroups: groups })
    : { ...grouped, consumerGroups: groups }
  const faults = Object.fromEntries(Object.entries(swarm.faults).filter(([name]) => !without.includes(name)))
  const messages = without.includes(RAFT_MESSAGES)
    ? { ...swarm.messages, loss: 0, duplication: 0, delay: 0 }
    : swarm.messages
  return { ...swarm, faults, messages, faultMs: Math.min(swarm.faultMs, faultMs ?? swarm.faultMs) }
}
