import { crc32c } from '@tailrace/schemas'
import type { LevelZeroControl } from '../../../broker/src/cascade/control/level-zero-control.ts'
import { CascadeNode } from '../../../broker/src/cascade/node.ts'
import type { CascadeApi } from '../../../broker/src/cascade/wire/cascade-messages.ts'
import type { LogStorage } from '../../../broker/src/log/log-storage.ts'
import { MemoryStore } from '../../../broker/src/log/testing/memory-store.ts'
import type { HttpClient } from '../../../broker/src/platform/http-client.ts'
import { nodeCrypto } from '../../../broker/src/platform/node/crypto.ts'
import { seededRandom } from '../../../broker/src/platform/testing/random.ts'
import { EventLoop } from '../../../testing/src/simulation/event-loop.ts'
import { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import { SimProcess } from '../broker/sim-process.ts'
import { startLevelZero } from './level-zero.ts'
import { openDoor } from './source-door.ts'
import { Traffic } from './traffic.ts'
import { leaderWith, relayWith, type TreeDefectName } from './tree-defects.ts'
import { ALIAS, cascadeMembers, levelZeroMembers, type TreeLevels, type TreeMember } from './tree-shape.ts'
import { Wires } from './wires.ts'

export interface SimCascade extends TreeMember {
  readonly node: CascadeNode
  readonly process: SimProcess
}

const silent = { info: () => {}, warn: () => {}, error: () => {} }
const steady = { rate: 1, aheadMs: 0 }
const slow = { rate: 0.4, aheadMs: 0 }
/** Brokers are started one after the other within this time. */
const START_MICROS = 1_000_000
const GIB = 2 ** 30

/**
 * A tree of whole cascade brokers without records on virtual time: the shipped node with its uplink, session, beats and
 * control, over wires that count bytes.
 */
export class TreeWorld {
  readonly loop = new EventLoop()
  readonly traffic = new Traffic()
  readonly wires: Wires
  readonly cascades: SimCascade[] = []
  readonly #byId = new Map<number, SimCascade>()
  readonly #levelZero: LevelZeroControl[] = []
  readonly #defects: readonly TreeDefectName[]

  private constructor(seed: number, defects: readonly TreeDefectName[]) {
    this.#defects = defects
    this.wires = new Wires(this.loop, new SimRandom(seed), this.traffic)
  }

  static async build(levels: TreeLevels, seed: number, defects: readonly TreeDefectName[]): Promise<TreeWorld> {
    const world = new TreeWorld(seed, defects)
    const random = new SimRandom(seed + 1)
    world.#startLevelZero()
    const members = cascadeMembers(levels, random)
    for (const member of members) await world.#add(member, random)
    world.wires.alias(ALIAS, members[0]!.address)
    return world
  }

  /** Brokers with the source that they have now; 0: none. */
  sources(): Map<number, number> {
    return new Map(this.living().map(({ id, node }) => [id, node.uplink.session?.source ?? 0]))
  }

  living(): SimCascade[] {
    return this.cascades.filter(({ process }) => process.alive)
  }

  broker(id: number): SimCascade {
    return this.#byId.get(id)!
  }

  /** The living brokers of a level, 0 included. */
  idsOf(level: number): number[] {
    if (level === 0) return levelZeroMembers().map(({ id }) => id)
    return this.living().flatMap((broker) => (broker.level === level ? [broker.id] : []))
  }

  get oldestReportMs(): number {
    return Math.max(...this.#levelZero.flatMap((control) => control.below().map(({ ageMs }) => ageMs)))
  }

  childrenOf(id: number): SimCascade[] {
    return this.living().filter(({ node }) => node.uplink.session?.source === id)
  }

  /** `crashed`: the process is gone and its connections are reset. `silent`: the machine is. */
  kill(id: number, how: 'crashed' | 'silent'): void {
    const { address, process } = this.broker(id)
    process.alive = false
    this.wires.down(address, how)
  }

  get seconds(): number {
    return this.loop.now / 1e6
  }

  /** Lets virtual time pass; `look` is called about every `everyMs`. */
  async pass(seconds: number, everyMs = 1_000, look: () => void = () => {}): Promise<void> {
    const until = this.loop.now + seconds * 1e6
    while (this.loop.now < until) {
      const next = Math.min(until, this.loop.now + everyMs * 1_000)
      // An event of its own, so that time gets there.
      this.loop.after(next - this.loop.now, () => {})
      await this.loop.run(next, () => false)
      look()
    }
  }

  #startLevelZero(): void {
    const { clock } = new SimProcess(this.loop, steady)
    const members = levelZeroMembers()
    const controls = startLevelZero(members, this.loop, clock, this.traffic)
    for (const { id, address } of members) {
      const control = controls.get(id)!
      this.#levelZero.push(control)
      this.#host(address, 0, leaderWith(control, this.#defects))
    }
  }

  #host(address: string, level: number, control: CascadeApi): void {
    const tellsAll = this.#defects.includes('everythingTold')
    this.wires.host(address, level, (end) => openDoor(end, control, tellsAll))
  }

  async #add(member: TreeMember, random: SimRandom): Promise<void> {
    const { id, level, address } = member
    const given = level === 2 && this.#defects.includes('oneName') ? [ALIAS] : member.given
    const process = new SimProcess(this.loop, this.#defects.includes('slowClocks') ? slow : steady)
    const node = await CascadeNode.open({
      brokerId: id,
      http: address,
      sources: given,
      storage: emptyStorage(),
      store: new MemoryStore(),
      client: noHttp,
      sockets: this.wires.socketsOf(address),
      clock: process.clock,
      random: seededRandom(random.next()),
      crc32c,
      crypto: nodeCrypto,
      logger: silent,
      readyLagMs: 10_000,
    })
    this.#host(address, level, relayWith(node, this.#defects))
    const cascade = { ...member, node, process }
    this.cascades.push(cascade)
    this.#byId.set(id, cascade)
    this.loop.after(random.below(START_MICROS), () => process.run(() => node.start()))
  }
}

const noHttp: HttpClient = { request: () => Promise.reject(new Error('a tree without records has no HTTP')) }

/** A log without partitions. */
function emptyStorage(): LogStorage {
  const storage: Partial<LogStorage> = {
    onDurable: () => {},
    writable: true,
    groups: () => [],
    usage: {
      freeBytes: 80 * GIB,
      reserveBytes: GIB,
      secondsUntilFull: Number.POSITIVE_INFINITY,
    } as LogStorage['usage'],
    metrics: { corruptPlaces: { read: 0, scrub: 0, recovery: 0 } } as LogStorage['metrics'],
  }
  return storage as LogStorage
}
