import type { BrokerId } from '@tailrace/schemas'
import type { GroupTarget } from '../../../broker/src/api/admin-api.ts'
import { type Defects, noDefects } from '../../../broker/src/raft/defects.ts'
import { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import { Chronicle } from './chronicle.ts'
import { noBrokerDefects } from './defects.ts'
import { loseUntold } from './disk/journal-tail.ts'
import { drawBrokerSwarm } from './draw-swarm.ts'
import { asFinding, type Finding } from './finding.ts'
import { checkOutcome, PATIENCE_MS, unsettled } from './outcome.ts'
import type { BrokerSwarm } from './swarm.ts'
import { noMessageFaults } from './unreliable-raft.ts'
import type { PartitionLedger } from './workload/partition-ledger.ts'
import { Producer } from './workload/producer.ts'
import { insist } from './workload/topic-churn.ts'
import { World } from './world.ts'

const TOPIC = 'flights'
const STEP_MS = 60_000
/** So many producers that some still publish when most wait for an answer of a broker that cannot reach the leader. */
const PRODUCERS = 15

export interface LostTailStory {
  readonly finding: Finding | null
  /** Blocks of the journal that were lost. */
  readonly lost: number
  readonly acknowledged: number
}

/**
 * A follower loses the end of its journal in a way that only the heartbeats of a leader show: the mark beside the
 * journal is lost as well, and no beat has named the lost blocks. It follows two leaders that do not reach each other.
 * One of them crashes in the same moment, so that the entries that it had committed with the follower are nowhere else;
 * the other leader lacks them, and asks the follower for its vote. The heartbeats of the group that it leads itself
 * prove the loss in time.
 */
export async function tellLostTailStory(
  seed: number,
  defects: readonly (keyof Defects)[] = [],
  trace: ((line: string) => void) | null = null,
): Promise<LostTailStory> {
  const random = new SimRandom(seed)
  const core = { ...noDefects, ...Object.fromEntries(defects.map((name) => [name, true])) }
  const swarm = quiet(drawBrokerSwarm(random))
  const world = new World(seed, swarm, new Chronicle(trace), core, noBrokerDefects)
  const story = new Story(world, random)
  try {
    await story.play()
  } catch (error) {
    world.watch.report(asFinding(error))
  } finally {
    world.open = false
  }
  const acknowledged = [...world.ledgers].reduce((sum, ledger) => sum + ledger.acknowledged, 0)
  return { finding: world.watch.finding, lost: story.lost, acknowledged }
}

class Story {
  lost = 0
  readonly #world: World
  readonly #random: SimRandom
  /** How far the follower's journal is durable, as it has told others, and how far its replicas were then. */
  #told = { block: 0, ends: [0, 0] }

  constructor(world: World, random: SimRandom) {
    this.#world = world
    this.#random = random
  }

  async play(): Promise<void> {
    const world = this.#world
    world.startAll()
    const first = this.#random.below(3)
    const [follower, falling, staying] = [0, 1, 2].map((at) => ((first + at) % 3) + 1) as [BrokerId, BrokerId, BrokerId]
    await this.#during(insist(world, world.stream(600), TOPIC, true, { partitions: 2, replicas: 3 }))
    await this.#until(() => unsettled(world) === null)
    const ledgers = world.ledgersOf(TOPIC)
    await this.#lead(ledgers[0]!, staying)
    await this.#lead(ledgers[1]!, falling)
    this.#hearBeats(follower, ledgers)
    for (const [at, ledger] of ledgers.entries())
      for (let number = 0; number < PRODUCERS; number++)
        void new Producer(world, world.stream(200 + number * 2 + at), number * 2 + at, ledger).run(10)
    await this.#pass(500)
    this.#part(falling, staying, 'cut')
    await this.#pass(this.#random.between(50, 300))
    const [proven, atRisk] = ledgers.map(({ group }) => world.watch.groups.get(group)!)
    // The lost blocks must hold an entry by which the one leader can prove the loss, and one that only the other leader
    // has.
    await this.#until(
      () =>
        proven!.replica(staying)!.commitIndex > this.#told.ends[0]! &&
        atRisk!.committedCount > Math.max(this.#told.ends[1]!, atRisk!.replica(staying)!.log.length),
    )
    this.#strike(follower, falling)
    await this.#pass(1_500)
    this.#part(falling, staying, 'heal')
    await this.#pass(3_000)
    world.open = false
    await this.#until(() => unsettled(world) === null)
    await this.#during(checkOutcome(world, ledgers))
  }

  #strike(follower: BrokerId, falling: BrokerId): void {
    const world = this.#world
    world.crash(world.broker(falling), false, 4_000)
    world.crash(world.broker(follower), true, 1)
    this.lost = loseUntold(world.broker(follower).machine.disk.files(), this.#told.block)
    world.note(`broker ${follower} has lost ${this.lost} blocks of its journal, of which no broker knows`)
    world.watch.wasPutBack(follower)
  }

  #hearBeats(follower: BrokerId, ledgers: readonly PartitionLedger[]): void {
    const { peers } = this.#world.broker(follower).life!
    const { groups } = this.#world.watch
    const tell = peers.tell.bind(peers)
    peers.tell = (to, name, fields) => {
      if (name === 'NodeBeat') {
        const block = (fields as { durable: number }).durable
        this.#told = { block, ends: ledgers.map(({ group }) => groups.get(group)!.replica(follower)!.durable.length) }
      }
      tell(to, name, fields)
    }
  }

  async #lead(ledger: PartitionLedger, to: BrokerId): Promise<void> {
    const target: GroupTarget = { kind: 'partition', topic: ledger.topic, partition: ledger.partition }
    const leads = (): boolean => this.#world.watch.groups.get(ledger.group)?.replica(to)?.isLeader === true
    for (let attempts = 0; !leads(); attempts++) {
      if (attempts === 50) throw new Error(`broker ${to} does not come to lead`)
      await this.#during(this.#world.operator.ask('leader', (admin) => admin.transferLeadership(target, to)))
      await this.#pass(100)
    }
  }

  #part(one: BrokerId, other: BrokerId, how: 'cut' | 'heal'): void {
    this.#world[how](one, other)
    this.#world[how](other, one)
  }

  async #during(work: Promise<unknown>): Promise<void> {
    let done = false
    let failure: unknown = null
    work.then(
      () => (done = true),
      (error: unknown) => {
        failure = error
        done = true
      },
    )
    await this.#until(() => done)
    if (failure !== null) throw failure
  }

  async #until(condition: () => boolean): Promise<void> {
    if (await this.#run(Math.max(STEP_MS, PATIENCE_MS), condition)) return
    throw new Error(`not in time: ${condition}; ${unsettled(this.#world)}`)
  }

  async #pass(ms: number): Promise<void> {
    await this.#run(ms, () => false)
  }

  async #run(ms: number, done: () => boolean): Promise<boolean> {
    const { loop, watch } = this.#world
    const happened = await loop.run(loop.now + ms * 1000, () => watch.finding !== null || done())
    if (watch.finding !== null) throw watch.finding
    return happened
  }
}

/** Three brokers without faults of their own. */
function quiet(drawn: BrokerSwarm): BrokerSwarm {
  const disks = drawn.disks.slice(0, 3).map((disk) => ({ ...disk, syncMicros: [100, 500] as const, capacity: 1 << 28 }))
  return {
    ...drawn,
    brokers: 3,
    late: 0,
    addresses: drawn.addresses.slice(0, 3),
    disks,
    rates: [1, 1, 1],
    rotten: [],
    faults: {},
    messages: noMessageFaults,
    earlyFaults: false,
    churnEveryMs: 0,
    fillsDisks: false,
    network: { minDelayMs: 0, maxDelayMs: 2, maxChunkBytes: 65_536 },
    partition: {
      ...drawn.partition,
      electionTimeoutMs: 1_000,
      heartbeatMs: 100,
      sleepAfterMs: 5_000,
      maxAppendBytes: 1 << 20,
      maxInflightAppends: 64,
      maxInflightBytes: 1 << 20,
      maxUncommittedBytes: 1 << 20,
      snapshotBytes: 1 << 24,
      snapshotMs: 3_600_000,
      checkpointBytes: 1 << 24,
    },
    log: {
      ...drawn.log,
      journalFileBytes: 1 << 20,
      segmentBytes: 1 << 20,
      directBytes: 1 << 20,
      diskReserveBytes: 1 << 20,
    },
    topics: [{ name: TOPIC, partitions: 2, replicas: 3 }],
    valueBytes: [10, 100],
  }
}
