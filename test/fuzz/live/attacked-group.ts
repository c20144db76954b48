import { type BrokerId, crc32c, type GroupId, NO_BROKER, TailraceError } from '@tailrace/schemas'
import { PeerPermissions } from '../../../broker/src/cluster/formation/peer-permissions.ts'
import { MetadataState } from '../../../broker/src/cluster/metadata/metadata-state.ts'
import type { PublishResult } from '../../../broker/src/partition/requests.ts'
import { batchOf } from '../../../broker/src/partition/testing/batches.ts'
import { GROUP, type Outcome, outcomeOf, TestWorld } from '../../../broker/src/partition/testing/test-world.ts'
import type { Surroundings } from './made-up-messages.ts'
import { PeerLine } from './peer-line.ts'

/** Belongs to the cluster and has no replica of the group. */
export const STRANGER = 9
const founders = [1, 2, 3]
const smallFiles = { journalFileBytes: 1 << 18, segmentBytes: 1 << 14, directBytes: 1 << 13, tailBytes: 1 << 20 }
/** A copy takes many requests, so that a liar can send messages in the middle of one. */
const settings = { retentionCheckMs: 500, copyChunkBytes: 2000 }
/** Three batches fill a segment, which may be deleted then. */
const longRecord = 'x'.repeat(6000)
const keepLittle = { retention: { bytes: 1000, ms: null } }

/**
 * Three brokers with one group over the real log and core, connections on which any broker may send any message, and
 * the records acknowledged meanwhile.
 */
export class AttackedGroup {
  readonly world: TestWorld
  readonly #lines = new Map<string, PeerLine>()
  readonly #publishes: { readonly value: string; readonly outcome: Outcome<PublishResult> }[] = []
  /** Answers to copies' readers that come with one byte changed, and its checksum put right. */
  readonly spoilt: { readonly at: number; readonly bits: number }[] = []
  #cutOff: BrokerId = NO_BROKER

  readonly #acceptsAll: boolean

  private constructor(world: TestWorld, acceptsAll: boolean) {
    this.world = world
    this.#acceptsAll = acceptsAll
    world.answers = (_name, reply) => {
      const lie = reply.body.length > 0 ? this.spoilt.shift() : undefined
      if (lie === undefined) return reply
      const body = new Uint8Array(Buffer.concat(reply.body))
      if (body.length > 0) body[lie.at % body.length]! ^= lie.bits
      const fields = 'crc32c' in reply.fields ? { ...reply.fields, crc32c: crc32c(body, 0, body.length) } : reply.fields
      return { fields, body: [body] } as typeof reply
    }
  }

  /** `acceptsAll`: a negative control, in which the group takes messages from brokers without a replica. */
  static async start(acceptsAll = false): Promise<AttackedGroup> {
    const group = new AttackedGroup(await TestWorld.start({ log: smallFiles, settings }), acceptsAll)
    group.publish()
    await group.world.run(100)
    return group
  }

  publish(ending = ''): Outcome<PublishResult> | null {
    const leader = this.#leader()
    if (leader === undefined) return null
    const value = `v${this.#publishes.length}${ending}`
    const outcome = outcomeOf(this.world.group(leader).publish(batchOf([value])))
    this.#publishes.push({ value, outcome })
    return outcome
  }

  /** Cuts one broker off from the others, or reconnects it. */
  toggle(broker: BrokerId): void {
    if (this.#cutOff === NO_BROKER) this.world.isolate(broker)
    else this.world.heal()
    this.#cutOff = this.#cutOff === NO_BROKER ? broker : NO_BROKER
  }

  /**
   * Cuts a follower off while the others write more than they keep: it needs a copy of another's log when it is
   * reconnected.
   */
  async leaveBehind(broker: BrokerId): Promise<void> {
    if (this.#cutOff !== NO_BROKER) this.toggle(broker)
    const late = broker === this.#leader() ? (broker % founders.length) + 1 : broker
    this.toggle(late)
    for (let count = 0; count < 4; count++) this.publish(longRecord)
    await this.world.run(100)
    for (const id of founders.filter((other) => other !== late && !this.world.replica(other).driver.stopped)) {
      await this.world.during(this.world.replica(id).driver.log.seal())
      this.world.group(id).update(keepLittle)
    }
    await this.world.run(settings.retentionCheckMs)
  }

  say(from: BrokerId, to: BrokerId, bytes: Uint8Array): void {
    const key = `${from} ${to}`
    // Malformed bytes close a connection; brokers connect again.
    const line = new PeerLine(from, to, this.world.broker(to).groups, this.#mayHold(to))
    this.#lines.set(`${key} ${this.#lines.size}`, line)
    line.say(bytes)
  }

  near(to: BrokerId): Surroundings {
    const { core } = this.world.replica(to).driver
    const { term, commitIndex, lastIndex, prevIndex, nextOffset } = core
    const prevTerm = core.entryStates(lastIndex, 1)[0]?.term ?? term
    return {
      group: GROUP,
      terms: [term, term, term, term + 1, 1],
      indexes: [lastIndex, commitIndex, lastIndex, lastIndex + 1, prevIndex],
      offsets: [nextOffset],
      end: { prevIndex: lastIndex, prevTerm, baseOffset: nextOffset },
      brokers: [1, 2, 3, STRANGER],
      ticks: [1, 10, 100],
    }
  }

  /** Records that were acknowledged and are not so old that a replica may have deleted them. */
  get acknowledged(): string[] {
    return this.#publishes
      .filter(({ outcome }) => outcome.state === 'done' && outcome.value!.baseOffset >= this.#commonStart)
      .map(({ value, outcome }) => `${outcome.value!.baseOffset}:${value}`)
  }

  /** Logs that were copied from another replica. */
  get installations(): number {
    return this.world.brokers.reduce((sum, { groups }) => sum + groups.metrics.snapshotsInstalled, 0)
  }

  /** Mistakes on the connections, and logged errors that are no TailraceError. */
  get faults(): unknown[] {
    const loggedBy = (id: BrokerId): unknown[] => {
      const errors = this.world.broker(id).errors as { err?: unknown }[]
      return errors.map(({ err }) => err).filter((err) => err !== undefined && !(err instanceof TailraceError))
    }
    return [...[...this.#lines.values()].flatMap((line) => line.faults), ...founders.flatMap(loggedBy)]
  }

  /** Why replicas have stopped: the broken rules that were logged. */
  get stopped(): string[] {
    return founders
      .filter((id) => this.world.replica(id).driver.stopped)
      .map((id) => {
        const errors = this.world.broker(id).errors as { err?: unknown }[]
        const told = errors.findLast(({ err }) => String(err).includes('invariant'))
        return `broker ${id}: ${told === undefined ? 'stopped without a word' : String(told.err)}`
      })
  }

  /** The group is as at its start: no replica has stopped, is being repaired, or has been told of other members. */
  get isWhole(): boolean {
    return founders.every((id) => {
      const { driver, unfit, configuration } = this.world.replica(id)
      const { voters, outgoing, learners } = configuration
      const isOriginal = `${voters}` === `${founders}` && outgoing.length === 0 && learners.length === 0
      return !driver.stopped && !driver.inQuarantine && unfit === null && isOriginal
    })
  }

  /** Reconnects all brokers, and waits until a record is acknowledged; false if that takes too long. */
  async recover(maxMs: number): Promise<boolean> {
    this.world.heal()
    for (let ms = 0; ms < maxMs; ms += 200) {
      const outcome = this.publish()
      await this.world.run(200)
      if (outcome?.state === 'done') return true
    }
    return false
  }

  /** `offset:value` of the records committed there, from the first offset that all replicas have. */
  async records(id: BrokerId): Promise<string[]> {
    const all = await this.world.records(id)
    return all.filter((record) => Number.parseInt(record, 10) >= this.#commonStart)
  }

  get #commonStart(): number {
    return Math.max(...founders.map((id) => this.world.group(id).logStart))
  }

  #leader(): BrokerId | undefined {
    const leads = (id: BrokerId): boolean => this.world.group(id).isLeader && !this.world.replica(id).driver.stopped
    return founders.filter(leads).sort((a, b) => this.world.group(b).term - this.world.group(a).term)[0]
  }

  #mayHold(to: BrokerId): (from: BrokerId, group: GroupId) => boolean {
    const state = new MetadataState()
    state.apply(1, { id: 'c', command: topic })
    const formation = { trusts: () => true, isMember: () => true }
    const permissions = new PeerPermissions({
      formation,
      state,
      groups: this.world.broker(to).groups,
      caughtUp: () => true,
    })
    return (from, group) => this.#acceptsAll || permissions.accepts(from, group)
  }
}

const topic = {
  type: 'create-topic',
  name: 'flights',
  topicId: 't1',
  config: {},
  partitions: [{ replicas: founders }],
} as const
