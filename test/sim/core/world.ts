import type { BrokerId, LogIndex, Term } from '@tailrace/schemas'
import type { Defects } from '../../../broker/src/raft/defects.ts'
import type { InstallRequest, ReadRequest } from '../../../broker/src/raft/ready.ts'
import { EventQueue } from '../../../testing/src/simulation/event-queue.ts'
import { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import { describe, describeNote } from './describe-message.ts'
import { EventKind, type Note } from './event-kind.ts'
import { bothWays, drawPartition, drawPartitionAt, randomGap } from './faults.ts'
import type { History } from './history.ts'
import { Invariants, Violation } from './invariants.ts'
import { Migrations } from './migrations.ts'
import type { NodeNote } from './node-watch.ts'
import { type DriverDefects, SimBroker, type Surroundings } from './sim-broker.ts'
import { calmNetwork, type Parcel, SimNetwork } from './sim-network.ts'
import { Snapshots } from './snapshots.ts'
import { type SwarmOptions, TICK } from './swarm-options.ts'
import { readWithToken } from './token-reads.ts'

export interface Acknowledged {
  readonly value: number
  readonly index: LogIndex
  readonly term: Term
}

const blank = { configuration: { voters: [], outgoing: [], learners: [] } }

/**
 * The brokers, the clock, the network, and all their faults. Every event goes through `#note`, so that the digest
 * covers it.
 */
export class World implements Surroundings {
  readonly queue = new EventQueue()
  readonly brokers: SimBroker[]
  readonly invariants: Invariants
  readonly acks: Acknowledged[] = []
  elections = 0
  /** Answers that leaders gave under a lease. */
  reads = 0
  /** States that took the place of a log, and readers that a token served. */
  installs = 0
  tokenReads = 0
  /** Changes of members that the leader which began them has finished, and transfers that have reached their target. */
  changes = 0
  transfers = 0
  /** How often a replica fell asleep. */
  slumbers = 0
  readonly ids: readonly BrokerId[]
  readonly #options: SwarmOptions
  readonly #random: SimRandom
  readonly #network: SimNetwork
  readonly #history: History
  readonly #slowLeaderClock: boolean
  readonly #installDeletesFirst: boolean
  readonly #snapshots: Snapshots
  readonly #migrations: Migrations
  /** The highest index that any client was told to be committed, by an acknowledgement or a read. */
  #highestTold: LogIndex = 0
  #nextValue = 1
  /** The safety phase is over: nothing fails any more. */
  #calm = false

  constructor(options: SwarmOptions, random: SimRandom, history: History, core: Defects, driver: DriverDefects) {
    this.#options = options
    this.#random = random
    this.#history = history
    this.#slowLeaderClock = driver.slowLeaderClock
    this.#installDeletesFirst = driver.installDeletesFirst
    this.#network = new SimNetwork(this.queue, random, options.network)
    const voters = Array.from({ length: options.brokers }, (_, i) => i + 1)
    const founding = { configuration: { voters, outgoing: [], learners: [] }, admission: 0 }
    this.ids = Array.from({ length: options.brokers + options.spares }, (_, i) => i + 1)
    this.brokers = Array.from({ length: options.brokers + options.spares }, (_, i) => {
      const id = i + 1
      const draw = new SimRandom(random.next() + id)
      const origin = id <= options.brokers ? founding : { ...blank, admission: id - options.brokers }
      return new SimBroker({ ...options.raft, ...origin, id, random: (bound) => draw.below(bound) }, core, driver, this)
    })
    this.invariants = new Invariants(this.brokers)
    this.#snapshots = new Snapshots(options, random, this, core.offerUncommitted, this.#note)
    for (const broker of this.brokers) this.start(broker)
    this.#again(options.proposeEvery, () => this.#propose(), true)
    this.#again(options.crashEvery, () => this.crash(this.#victim()))
    this.#again(options.partitionEvery, () => this.#partition())
    this.#again(options.campaignEvery, () => this.#campaign(this.#challenger()))
    this.#again(options.unreachableEvery, () => this.#unreachable())
    this.#again(options.compactEvery, () => this.#snapshots.compact(this.#random.pick(this.brokers)))
    this.#again(options.offerEvery, () => this.#snapshots.offerUnasked())
    this.#again(options.tokenEvery, () => readWithToken(this.#random, this, this.#note))
    this.#migrations = new Migrations(options, random, this, this.#note)
    this.#again(options.changeEvery, () => this.#migrations.change())
    this.#again(options.transferEvery, () => this.#migrations.transfer())
    this.#again(options.schismEvery, () => this.#migrations.schism(random.pick(this.brokers)))
    this.#again(options.readEvery, () => this.#readFromLeases(), true)
  }

  get isCalm(): boolean {
    return this.#calm
  }

  /** Faults end: links whole, disks fast, every broker up. */
  calm(): void {
    this.#calm = true
    this.#network.heal()
    this.#network.faults = calmNetwork
    this.#note(EventKind.Calm, 0, 0, 0, () => 'faults end')
    for (const broker of this.brokers) if (broker.core === null) this.start(broker)
    // Clients that have paused for long until now continue as well.
    this.#again(10 * TICK, () => this.#propose(), true)
  }

  send(parcel: Parcel): void {
    const { from, to } = parcel.message
    this.#network.send(from, to, () => this.#deliver(parcel))
  }

  tell(note: NodeNote): void {
    this.#network.send(note.from, note.to, () => this.#deliverNote(note))
  }

  startSync(broker: SimBroker): void {
    const [least, most] = this.#calm ? [100, 1_000] : this.#options.syncs[broker.id - 1]!
    const { core } = broker
    this.queue.after(this.#random.between(least, most), () => {
      if (broker.core !== core) return
      this.#note(EventKind.Sync, broker.id, 0, 0, () => `disk ${broker.id} has fsynced`)
      broker.syncDone()
    })
  }

  startRead(broker: SimBroker, read: ReadRequest): void {
    const { core } = broker
    const fails = !this.#calm && this.#random.chance(this.#options.readFailure)
    this.queue.after(this.#random.between(50, 5_000), () => {
      if (broker.core !== core) return
      this.#note(
        EventKind.Read,
        broker.id,
        read.from,
        Number(fails),
        () => `disk ${broker.id} reads from ${read.from} for ${read.to}`,
      )
      broker.readDone(read, fails)
    })
  }

  startOffer(broker: SimBroker, to: BrokerId): void {
    this.#snapshots.startOffer(broker, to)
  }

  startInstall(broker: SimBroker, request: InstallRequest): void {
    this.#snapshots.startInstall(broker, request)
  }

  acknowledged(value: number, index: LogIndex, term: Term): void {
    this.acks.push({ value, index, term })
    this.#highestTold = Math.max(this.#highestTold, index)
    if (this.#options.readEvery > 0) this.#readFromLeases()
  }

  elected(broker: SimBroker): void {
    this.elections++
    if (this.#calm || !this.#random.chance(this.#options.hastyChanges)) return
    const { core } = broker
    this.queue.after(this.#random.below(3_000), () => {
      if (broker.core === core) this.#migrations.schism(broker)
    })
  }

  candidate(broker: SimBroker): void {
    if (this.#calm || !this.#random.chance(this.#options.candidateFalls)) return
    const { core } = broker
    this.queue.after(this.#random.below(10_000), () => {
      if (broker.core !== core) return
      this.stop(broker)
      // Its present messages may be lost, while answers to earlier ones still come.
      if (this.#random.chance(0.7)) this.#mute(broker)
      this.queue.after(this.#random.below(2_000), () => {
        if (broker.core !== null) return
        this.start(broker)
        for (let i = 0; i < 3; i++) this.queue.after(this.#random.below(10_000), () => this.#campaign(broker))
      })
    })
  }

  #mute({ id: mute }: SimBroker): void {
    this.#note(EventKind.Cut, mute, 0, 2, () => `broker ${mute} is mute`)
    for (const id of this.ids) if (id !== mute) this.#network.cut(mute, id, true)
    this.#healLater()
  }

  fellAsleep({ id }: SimBroker): void {
    this.slumbers++
    this.#note(EventKind.Asleep, id, 0, 0, () => `broker ${id} sleeps`)
  }

  start(broker: SimBroker): void {
    this.#note(
      EventKind.Start,
      broker.id,
      broker.durable.length,
      0,
      () => `broker ${broker.id} starts with ${broker.durable.length} entries`,
    )
    broker.start()
    const { core } = broker
    const tick = this.#options.ticks[broker.id - 1]!
    const beat = (): void => {
      if (broker.core !== core) return
      this.#note(EventKind.Tick, broker.id, 0, 0, () => `broker ${broker.id} ticks`)
      broker.tick()
      const slowness = this.#slowLeaderClock && broker.isLeader ? 2 : 1
      this.queue.after(this.#calm ? TICK : tick * slowness, beat)
    }
    this.queue.after(this.#random.between(1, tick), beat)
  }

  #deliver(parcel: Parcel): void {
    const { message } = parcel
    const broker = this.brokers[message.to - 1]!
    if (broker.core === null) return
    this.#note(EventKind.Deliver, broker.id, message.from * 16 + message.type.length, message.term, () =>
      describe(message),
    )
    broker.receive(parcel)
  }

  #deliverNote(note: NodeNote): void {
    const { from, to, name } = note
    const broker = this.brokers[to - 1]!
    if (broker.core === null) return
    this.#note(EventKind.NodeNote, to, from * 16 + name.length, 0, () => describeNote(note))
    broker.told(note)
  }

  #propose(): void {
    const leaders = this.brokers.filter((broker) => broker.isLeader)
    if (leaders.length === 0) return
    // A leader without followers gets proposals too.
    const broker = this.#random.pick(leaders)
    for (let i = this.#calm ? 1 : this.#random.between(1, this.#options.proposalBurst); i > 0; i--) {
      const value = this.#nextValue++
      this.#note(EventKind.Propose, broker.id, value, 0, () => `client proposes value ${value} to broker ${broker.id}`)
      broker.propose(value, this.#random.between(1, 3), this.#random.between(70, 400))
    }
  }

  /**
   * M24: a client asks every broker at once for the newest committed entry. A leader with a lease answers, and must
   * know of all entries that any client was told before.
   */
  #readFromLeases(): void {
    for (const { id, core } of this.brokers) {
      if (core === null || !core.hasLease) continue
      const { commitIndex } = core
      this.reads++
      this.#note(EventKind.LeaseRead, id, commitIndex, 0, () => `broker ${id} answers a read at ${commitIndex}`)
      if (commitIndex < this.#highestTold)
        throw new Violation(
          'stale-read',
          `broker ${id} answers ${commitIndex}, but ${this.#highestTold} was told before`,
        )
      this.#highestTold = commitIndex
    }
  }

  /** Half the time a leader: its crash changes the most. */
  #victim(): SimBroker {
    const leaders = this.brokers.filter((broker) => broker.isLeader)
    return this.#random.pick(leaders.length > 0 && this.#random.chance(0.5) ? leaders : this.brokers)
  }

  /** A broker crashes, and comes back some time later. */
  crash(broker: SimBroker): void {
    if (broker.core === null) return
    this.stop(broker)
    this.queue.after(randomGap(this.#random, this.#options.downFor), () => {
      if (broker.core === null) this.start(broker)
    })
  }

  /** Kills the process; its disk loses entries that were not fsynced, or part of them. */
  stop(broker: SimBroker): void {
    this.#note(
      EventKind.Crash,
      broker.id,
      broker.log.length,
      0,
      () => `broker ${broker.id} crashes with ${broker.log.length} entries`,
    )
    broker.stop()
    broker.disk.crash(this.#random, this.#random.chance(this.#options.keepUnsynced))
    // M49: always the old state or the new one.
    if (broker.staged !== null && this.#random.chance(0.5))
      broker.disk.install(this.#installDeletesFirst ? { entries: [], prevIndex: 0 } : broker.staged)
    this.invariants.durableMajority()
  }

  #partition(): void {
    const ids = this.brokers.map(({ id }) => id)
    const leader = this.#options.partitionsAtLeader ? this.brokers.find(({ isLeader }) => isLeader) : undefined
    const links =
      leader === undefined ? drawPartition(this.#random, ids) : drawPartitionAt(this.#random, leader.id, ids)
    this.#note(
      EventKind.Cut,
      0,
      links.length,
      0,
      () => `links cut: ${links.map(([from, to]) => `${from}->${to}`).join(' ')}`,
    )
    // Late answers to a leader that is cut off: they stretch its lease the most.
    const drained = leader !== undefined && this.#random.chance(0.5) ? leader.id : 0
    for (const [from, to] of links) this.#network.cut(from, to, to === drained)
    if (leader !== undefined && this.#random.chance(0.3)) {
      for (const broker of this.brokers) if (broker !== leader) this.crash(broker)
    }
    this.#healLater()
  }

  /** For a while nothing reaches a broker, though it can send. */
  deafen({ id: deaf }: SimBroker): void {
    this.#note(EventKind.Cut, deaf, 0, 0, () => `broker ${deaf} is deaf`)
    for (const id of this.ids) if (id !== deaf) this.#network.cut(id, deaf, false)
    this.#healLater()
  }

  /** For a while some brokers reach each other alone. */
  enclose(near: readonly BrokerId[]): void {
    this.#note(EventKind.Cut, near[0]!, near.length, 1, () => `brokers ${near} are on their own`)
    for (const [from, to] of bothWays(
      near,
      this.ids.filter((id) => !near.includes(id)),
    ))
      this.#network.cut(from, to, false)
    this.#healLater()
  }

  #healLater(): void {
    this.queue.after(randomGap(this.#random, this.#options.partitionFor), () => {
      this.#note(EventKind.Heal, 0, 0, 0, () => 'links whole')
      this.#network.heal()
    })
  }

  /** Any broker; or, where candidates crash, the one with the most unsynced state. */
  #challenger(): SimBroker {
    const writing = this.brokers.filter(({ log, durable }) => log.length > durable.length)
    return this.#random.pick(this.#options.candidateFalls > 0 && writing.length > 0 ? writing : this.brokers)
  }

  #campaign(broker: SimBroker): void {
    if (broker.core === null) return
    this.#note(EventKind.Campaign, broker.id, 0, 0, () => `broker ${broker.id} is told to campaign`)
    broker.campaign()
  }

  #unreachable(): void {
    const broker = this.#random.pick(this.brokers)
    const peer = this.#random.pick(this.brokers)
    if (broker.core === null || broker === peer) return
    this.#note(
      EventKind.Unreachable,
      broker.id,
      peer.id,
      0,
      () => `broker ${broker.id} loses its connection to ${peer.id}`,
    )
    broker.peerUnreachable(peer.id)
  }

  /** Calls at random times with the given mean gap; faults stop in the calm, clients do not. */
  #again(mean: number, run: () => void, isClient = false): void {
    if (mean === 0) return
    // In the calm clients are patient: convergence is to be shown, not throughput.
    this.queue.after(randomGap(this.#random, this.#calm ? Math.max(mean, 2 * TICK) : mean), () => {
      if (this.#calm && !isClient) return
      run()
      this.#again(mean, run, isClient)
    })
  }

  readonly #note: Note = (kind, broker, a, b, text) => this.#history.note(this.queue.now, kind, broker, a, b, text)

  /** After the calm: every disk holds all acknowledged entries up to `index`. */
  checkOutcome(upTo: LogIndex): void {
    for (const { value, index, term } of this.acks) {
      if (index > upTo) continue
      for (const broker of this.brokers) {
        if (!this.invariants.isMember(broker)) continue
        const entry = broker.durable[index - 1]
        if (entry?.value === value && entry.header.term === term) continue
        throw new Violation(
          'acknowledged-is-kept',
          `value ${value}, acknowledged at ${index}, is not on disk ${broker.id}`,
        )
      }
    }
  }
}
