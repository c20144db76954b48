import type { BrokerId, GroupId } from '@tailrace/schemas'
import { METADATA_GROUP, TailraceError } from '@tailrace/schemas'
import type { Groups } from '../../partition/group.ts'
import type { TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import { sameMembers } from '../metadata/partition-replicas.ts'
import type { LoadFigures } from '../metadata/placed-load.ts'
import type { MetadataClient } from '../routing/metadata-client.ts'
import { type BalanceTally, MoveCounts } from './balance-metrics.ts'
import { AT_REST, BalancePlan, BEGUN } from './balance-plan.ts'
import type { Hysteresis } from './broker-shares.ts'
import { drawPicture, type PictureSources } from './draw-picture.ts'
import { FailedChanges } from './failed-changes.ts'
import { LoadHistory } from './load-figures.ts'
import { votersFor } from './metadata-voters.ts'
import type { ClusterPicture, Move } from './picture.ts'
import { Presence } from './presence.ts'

/** Between two looks while replicas move, or an operator waits for it. */
const BUSY_MS = 5000
/** Between two looks where balancing by itself is switched off. */
const IDLE_MS = 60_000
/** Partitions whose replicas move at one time, those that an operator has asked for among them. */
const MOST_MOVING = 8
/** Changes of preferred leaders in one round, which copy nothing. */
const MOST_LEADERS = 32
const COMMAND_MS = 5000

/** Makes a plan that gives one move after the other. `imbalance`: of the cluster with the moves so far. */
export type CreatePlan = (
  picture: ClusterPicture,
  hysteresis: Hysteresis | null,
) => { readonly imbalance: number; next(): Move | null }

export interface BalancerDeps extends PictureSources {
  readonly brokerId: BrokerId
  readonly groups: Pick<Groups, 'get'>
  readonly client: MetadataClient
  /** Resolves when these vote in the metadata group. */
  readonly changeVoters: (voters: readonly BrokerId[]) => Promise<void>
  readonly logger: Logger
  /** Between two looks at a cluster at rest; 0: it is not balanced by itself. */
  readonly balanceMs: number
  /** After which a broker that is away is replaced; 0: never. */
  readonly replaceAfterMs: number
  readonly createPlan: CreatePlan
}

export const balancePlan: CreatePlan = (picture, hysteresis) => new BalancePlan(picture, hysteresis)

/**
 * Spreads replicas and leaderships over the brokers, and empties those that have to go. It runs where the metadata
 * group is led. Each round it looks at the cluster, plans anew, and asks for the first moves as an operator would, so
 * the wishes are in the metadata and others carry them out (reassignment-controller.ts, leader-return.ts). What it
 * keeps beside that may be lost at any time: a later metadata leader looks twice, and goes on.
 */
export class Balancer implements BalanceTally {
  readonly #deps: BalancerDeps
  readonly #history = new LoadHistory()
  readonly #presence = new Presence()
  readonly #failures: FailedChanges
  #looks = 0
  /** Moves have begun: the cluster is levelled out further than what would make them begin. */
  #begun = false
  #figures: LoadFigures | null = null
  #imbalance = 0
  readonly #moves = new MoveCounts()
  #timer: TimerHandle | null = null
  #running = false
  #closed = false

  constructor(deps: BalancerDeps) {
    this.#deps = deps
    this.#failures = new FailedChanges(deps.state)
  }

  /** Of the last look; null: there was none, or this broker does not look any more. */
  get figures(): LoadFigures | null {
    return this.#figures
  }

  get imbalance(): number {
    return this.#imbalance
  }

  get moves(): MoveCounts {
    return this.#moves
  }

  /** This broker may lead the metadata group now, or an operator wants something else. */
  wake(): void {
    if (this.#closed || this.#running || !this.#mayAct()) return
    if (this.#timer !== null && !this.#isWanted()) return
    this.#timer?.cancel()
    this.#next(0)
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  /** This broker leads, and there is something to look for. */
  #mayAct(): boolean {
    const { balanceMs, replaceAfterMs } = this.#deps
    return this.#leads() && (balanceMs > 0 || replaceAfterMs > 0 || this.#isWanted())
  }

  #leads(): boolean {
    return this.#deps.groups.get(METADATA_GROUP)?.isLeader === true
  }

  /** An operator waits for moves. */
  #isWanted(): boolean {
    const { balancing, draining } = this.#deps.state.upkeep
    return balancing || draining.length > 0
  }

  #next(ms: number): void {
    if (this.#closed) return
    this.#timer = this.#deps.clock.after(ms, () => void this.#round())
  }

  async #round(): Promise<void> {
    this.#timer = null
    if (!this.#mayAct()) return this.#forget()
    this.#running = true
    let busy = false
    try {
      busy = await this.#look()
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'cannot balance the cluster; trying again')
    }
    this.#running = false
    const { balanceMs } = this.#deps
    const idle = balanceMs === 0 ? IDLE_MS : balanceMs
    this.#next(busy || this.#isWanted() ? Math.min(BUSY_MS, idle) : idle)
  }

  #forget(): void {
    this.#looks = 0
    this.#figures = null
    this.#imbalance = 0
    this.#begun = false
    this.#presence.forget()
    this.#failures.forget()
  }

  /** Resolves to whether replicas move. */
  async #look(): Promise<boolean> {
    const { state, brokers, alive, loads, clock } = this.#deps
    const known = brokers()
    const living = [...state.brokers.values()].filter(({ id }) => known.includes(id) && alive(id))
    this.#presence.look(known, new Map(living.map(({ id, incarnation }) => [id, incarnation])), clock.monotonic())
    this.#failures.look(clock.monotonic())
    const told = await loads(living.map(({ id }) => id))
    const figures = this.#history.take(told, clock.monotonic())
    this.#figures = figures
    this.#looks += 1
    // Rates need two looks, and so does a broker that is to get replicas.
    if (this.#looks < 2) return false
    // Of a broker that is up and tells nothing it is not known what it holds.
    const isComplete = told.size === living.length
    const picture = this.#picture(figures)
    const hysteresis = isComplete ? this.#hysteresis() : null
    await this.#moveVotes(picture, hysteresis !== null)
    const moves = await this.#carryOut(picture, hysteresis)
    const busy = moves > 0 || state.changing.size > 0
    this.#begun = busy
    // One that has just come is to get its share, too.
    const isSettled = isComplete && living.every(({ id }) => this.#presence.isSteady(id))
    if (!busy && isSettled && state.upkeep.balancing) await this.#balanced()
    return busy
  }

  /** Null: only brokers that have to be emptied are looked at. */
  #hysteresis(): Hysteresis | null {
    const { balancing } = this.#deps.state.upkeep
    if (!balancing && this.#deps.balanceMs === 0) return null
    return balancing || this.#begun ? BEGUN : AT_REST
  }

  #picture(figures: LoadFigures): ClusterPicture {
    const { state, brokers, clock, replaceAfterMs, mostReplicas } = this.#deps
    const now = clock.monotonic()
    return drawPicture(state, figures, {
      brokers: brokers(),
      mostReplicas,
      steady: (id) => this.#presence.isSteady(id),
      lost: (id) => replaceAfterMs > 0 && this.#presence.awayMs(id, now) >= replaceAfterMs,
      resting: (group) => this.#failures.isResting(group, now),
    })
  }

  async #moveVotes({ brokers }: ClusterPicture, spreads: boolean): Promise<void> {
    const { groups, changeVoters, logger } = this.#deps
    const { voters, outgoing } = groups.get(METADATA_GROUP)!.configuration
    if (outgoing.length > 0) return
    const wanted = votersFor(voters, this.#deps.brokerId, brokers, spreads)
    if (sameMembers(wanted, voters)) return
    try {
      await changeVoters(wanted)
      logger.info({ from: voters, to: wanted }, 'other brokers vote in the metadata group')
    } catch (error) {
      logger.warn({ to: wanted, err: error }, 'the voters of the metadata group cannot be changed; trying again')
    }
  }

  /** Resolves to how many moves have been asked for. */
  async #carryOut(picture: ClusterPicture, hysteresis: Hysteresis | null): Promise<number> {
    const { state, createPlan } = this.#deps
    const plan = createPlan(picture, hysteresis)
    this.#imbalance = plan.imbalance
    const moved = new Set<GroupId>()
    let [replicas, leaders] = [MOST_MOVING - state.changing.size, MOST_LEADERS]
    for (let move = plan.next(); move !== null; move = plan.next()) {
      const isReplica = move.kind === 'replica'
      if ((isReplica ? replicas : leaders) <= 0) break
      if (moved.has(move.group)) continue
      moved.add(move.group)
      if (!(await this.#ask(move))) break
      if (isReplica) replicas -= 1
      else leaders -= 1
    }
    return moved.size
  }

  /** False: the metadata are not as they were planned with. */
  async #ask({ group, kind, why, from, to }: Move): Promise<boolean> {
    const { state, client, logger } = this.#deps
    const place = state.places.get(group)
    if (place === undefined || !this.#leads()) return false
    const { replicas, change } = place.topic.partitions[place.partition]!
    if (change !== undefined || replicas.join() !== from.join()) return false
    const { partition, topic } = place
    const wish = { topicId: topic.id, partition, replicas: [...to], from: [...from] }
    try {
      await client.submit({ type: 'assign-replicas', ...wish }, COMMAND_MS)
    } catch (error) {
      // An operator has asked for others meanwhile.
      if (error instanceof TailraceError && error.code === 'MEMBERS_CHANGING') return false
      throw error
    }
    this.#moves.count(kind, why)
    logger.info({ topic: topic.name, partition, kind, why, from, to }, 'a replica or a leadership moves')
    return true
  }

  async #balanced(): Promise<void> {
    const { brokerId, client, clock } = this.#deps
    const command = { type: 'set-balancing', balancing: false, at: clock.now(), broker: brokerId, by: '' } as const
    await client.submit(command, COMMAND_MS)
  }
}
