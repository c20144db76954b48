import type { BrokerId, GroupId, Message, Term } from '@tailrace/schemas'
import { TailraceError, TERM_START_BYTES } from '@tailrace/schemas'
import type { LogStorage, StateStore } from '../log/types.ts'
import type { Crc32c } from '../platform/checksum.ts'
import type { Clock, TimerHandle } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { Random } from '../platform/random.ts'
import type { RaftOptions, RaftStart } from '../raft/config.ts'
import type { RaftCore } from '../raft/core.ts'
import { createRaft } from '../raft/group.ts'
import type { RaftMessage } from '../raft/messages.ts'
import { Beats } from './beats.ts'
import { CheckpointSchedule, dropCheckpoint, saveCheckpoint } from './checkpoint.ts'
import { serveEntries } from './entry-server.ts'
import type { GroupRequestName, GroupRequests, PeerAnswer, Peers } from './peers.ts'
import { recoverReplica } from './recovery.ts'
import { Replica } from './replica.ts'
import type { PartitionSettings } from './settings.ts'
import type { Group, GroupSpec, Groups } from './types.ts'

export interface GroupsDeps {
  readonly brokerId: BrokerId
  readonly storage: LogStorage
  readonly store: StateStore
  readonly peers: Peers
  readonly clock: Clock
  readonly random: Random
  readonly crc32c: Crc32c
  readonly logger: Logger
  readonly settings: PartitionSettings
  /** Makes a group's consensus core in the place of `createRaft`: for a simulator that watches it, or switches a mechanism off. */
  readonly createCore?: CreateCore
}

export type CreateCore = (options: RaftOptions, start: RaftStart, group: GroupId) => RaftCore

/** Ticks in an election timeout. Every tick wakes an idle broker, so they are few; brokers' ticks are not in step, which tells equal draws apart. */
const ELECTION_TICKS = 5

/**
 * All replicas of this broker behind one ticker, one journal and one link per peer. Work that a turn's events cause in a group is done
 * once, at the end of the turn: that is what makes batches out of concurrent publishes without waiting for anything.
 */
export class BrokerGroups implements Groups, GroupRequests {
  onLeadership: Groups['onLeadership'] = () => {}
  readonly #deps: GroupsDeps
  readonly #replicas = new Map<GroupId, Replica>()
  readonly #awake = new Set<Replica>()
  readonly #opening = new Map<GroupId, Promise<Group>>()
  readonly #ticker: TimerHandle
  readonly #beats: Beats
  readonly #ticksPerBeat: number
  #ticks = 0
  #drainPending = false
  #closed = false

  constructor(deps: GroupsDeps) {
    this.#deps = deps
    deps.storage.onDurable = (group, ticket) => {
      const replica = this.#replicas.get(group)
      if (replica === undefined) return
      try {
        replica.driver.durable(ticket)
      } catch (error) {
        this.#stopBroken(replica, error)
      }
    }
    this.#beats = new Beats(deps.peers)
    const tickMs = deps.settings.electionTimeoutMs / ELECTION_TICKS
    this.#ticksPerBeat = Math.max(1, Math.round(deps.settings.heartbeatMs / tickMs))
    this.#ticker = deps.clock.every(tickMs, () => this.#tick())
  }

  open(spec: GroupSpec): Promise<Group> {
    if (this.#closed) return Promise.reject(new TailraceError('SHUTTING_DOWN'))
    const open = this.#replicas.get(spec.group)
    if (open !== undefined) return Promise.resolve(open)
    let opening = this.#opening.get(spec.group)
    if (opening === undefined) {
      opening = this.#open(spec).finally(() => this.#opening.delete(spec.group))
      this.#opening.set(spec.group, opening)
    }
    return opening
  }

  get(id: GroupId): Group | undefined {
    return this.#replicas.get(id)
  }

  all(): Iterable<Group> {
    return this.#replicas.values()
  }

  async remove(id: GroupId): Promise<void> {
    await this.#opening.get(id)?.catch(() => undefined)
    const replica = this.#replicas.get(id)
    this.#replicas.delete(id)
    if (replica !== undefined) {
      this.#awake.delete(replica)
      replica.stop('removed')
    }
    await this.#deps.storage.remove(id)
    await dropCheckpoint(this.#deps.store, id)
  }

  /** A Raft message from a peer. For a group that is not open here it is dropped: Raft sends again. */
  receive(group: GroupId, message: RaftMessage, payloads: readonly Uint8Array[]): void {
    const replica = this.#replicas.get(group)
    if (replica === undefined) return
    try {
      replica.driver.receive(message, payloads)
    } catch (error) {
      this.#stopBroken(replica, error)
    }
  }

  /** What another broker's replica asks of this one's. */
  async answer<Name extends GroupRequestName>(
    _from: BrokerId,
    name: Name,
    fields: Message<Name>,
  ): Promise<PeerAnswer<Name>> {
    if (name !== 'ReadEntries') throw new TailraceError('UNSUPPORTED_MESSAGE')
    const request = fields as Message<'ReadEntries'>
    const replica = this.#replicas.get(request.group)
    if (replica === undefined) throw new TailraceError('UNKNOWN_PARTITION')
    const { log, state } = replica.driver
    return (await serveEntries(log, state.commitIndex, request)) as unknown as PeerAnswer<Name>
  }

  /** The link to a peer went down or came up: what was in flight on it is lost. */
  link(peer: BrokerId, _up: boolean): void {
    for (const replica of this.#replicas.values()) {
      if (replica.spec.voters.includes(peer)) replica.driver.peerUnreachable(peer)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#ticker.cancel()
    await Promise.allSettled(this.#opening.values())
    for (const replica of this.#replicas.values()) {
      const { state, core, stopped } = replica.driver
      replica.stop('closing')
      if (stopped || !replica.schedule.changed(state) || state.commitIndex > core.durableIndex) continue
      await this.#checkpoint(replica)
    }
  }

  async #open(spec: GroupSpec): Promise<Group> {
    const { storage, store, settings, brokerId, random, clock, logger } = this.#deps
    const log = storage.group(spec.group) ?? storage.create(spec.group)
    const { raft, state } = await recoverReplica(log, store, spec, settings.producerCapacity)
    const createCore: CreateCore = this.#deps.createCore ?? createRaft
    const core = createCore(
      {
        id: brokerId,
        configuration: { voters: spec.voters, outgoing: [], learners: [] },
        electionTicks: ELECTION_TICKS,
        heartbeatTicks: this.#ticksPerBeat,
        maxAppendBytes: settings.maxAppendBytes,
        maxInflightAppends: settings.maxInflightAppends,
        maxInflightBytes: settings.maxInflightBytes,
        maxUncommittedBytes: settings.maxUncommittedBytes,
        controlBytes: TERM_START_BYTES,
        announceCommit: spec.stateMachine !== null,
        random: (bound) => random.below(bound),
      },
      raft,
      spec.group,
    )
    const replica: Replica = new Replica({
      spec,
      core,
      log,
      state,
      storage,
      peers: this.#beats,
      clock,
      logger,
      crc32c: this.#deps.crc32c,
      schedule: new CheckpointSchedule(settings.checkpointBytes, state),
      maxWaitingReaders: settings.maxWaitingReaders,
      inSyncTicks: ELECTION_TICKS,
      wake: () => this.#wake(replica),
      broken: (error) => this.#stopBroken(replica, error),
      wakeAtBeat: () => this.#awake.add(replica),
      onLeadership: (group: GroupId, term: Term, leader: BrokerId) => this.onLeadership(group, term, leader),
    })
    if (this.#closed) throw new TailraceError('SHUTTING_DOWN')
    this.#replicas.set(spec.group, replica)
    // A replica that was here before has voted before: it waits its time like everybody.
    const isNew = raft.hardState.term === 0
    if (((spec.preferred && isNew) || spec.voters.length === 1) && log.damage === null) core.campaign()
    this.#wake(replica)
    return replica
  }

  #tick(): void {
    for (const replica of this.#replicas.values()) {
      try {
        replica.tick()
      } catch (error) {
        this.#stopBroken(replica, error)
      }
      const { state, core, stopped } = replica.driver
      if (!stopped && replica.schedule.due(state, core.durableIndex)) void this.#checkpoint(replica)
    }
    this.#ticks += 1
    if (this.#ticks % this.#ticksPerBeat !== 0) return
    this.#drain()
    this.#beats.beat()
  }

  /** Never rejects: without it a restart reads more, and nothing else. */
  #checkpoint(replica: Replica): Promise<void> {
    const { state } = replica.driver
    return replica.schedule
      .save(state, () => saveCheckpoint(this.#deps.store, replica.id, state))
      .catch((error: unknown) =>
        this.#deps.logger.warn({ group: replica.id, error }, 'a checkpoint could not be saved'),
      )
  }

  #wake(replica: Replica): void {
    this.#awake.add(replica)
    if (this.#drainPending) return
    this.#drainPending = true
    this.#deps.clock.soon(() => this.#drain())
  }

  #drain(): void {
    this.#drainPending = false
    const awake = [...this.#awake]
    this.#awake.clear()
    for (const replica of awake) {
      try {
        replica.driver.drain()
      } catch (error) {
        this.#stopBroken(replica, error)
      }
    }
  }

  /** A broken invariant stops this replica, for good and aloud; the others have nothing to do with it. */
  #stopBroken(replica: Replica, error: unknown): void {
    this.#deps.logger.error(
      { group: replica.id, err: error },
      'the replica has broken a rule of its own and is stopped',
    )
    replica.stop('broken')
  }
}
