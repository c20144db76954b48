import { isDeepStrictEqual } from 'node:util'
import { TailraceError } from '@tailrace/schemas'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import { Finding } from '../finding.ts'
import { kept } from '../security-watch.ts'
import { isNoAnswer, type Workplace } from './operator.ts'
import { type Act, type Item, NOBODY, newItem, refusedAct } from './security-items.ts'

const CALL_MS = 40_000
const REVIEW_MS = 1
/** Items at a time whose state the operator knows. */
const MOST_ITEMS = 12
/** A request with one of these was refused for what it asks; with any other error but one it may be carried out yet. */
const refusals = new Set(['INVALID_REQUEST', 'UNKNOWN_USER', 'UNKNOWN_TOKEN', 'UNKNOWN_QUOTA'])
/** No broker was asked that could have carried it out. */
const NOT_TRIED = 'LEADER_UNAVAILABLE'

/** An item, and its row as far as the operator was told; null: there is none. */
interface Known {
  readonly item: Item
  row: unknown
  busy: boolean
}

/**
 * Changes users, tokens, rules and quotas through any broker, and holds the cluster to what it was told: one request at
 * a time for each item, and none any more for an item of which it does not know whether the last one was carried out.
 */
export class SecurityOperator {
  readonly #world: Workplace
  readonly #known: Known[] = []
  #made = 0

  constructor(world: Workplace) {
    this.#world = world
  }

  /** One request, and a look at all brokers. */
  strike(random: SimRandom): void {
    this.look()
    if (random.chance(0.15)) {
      void this.#beRefused(refusedAct(random), random)
      return
    }
    const free = this.#known.filter(({ busy }) => !busy)
    const isNew = this.#known.length < MOST_ITEMS && random.chance(0.5)
    if (isNew) this.#known.push({ item: newItem(random, ++this.#made), row: null, busy: false })
    else if (free.length === 0) return
    const known = isNew ? this.#known.at(-1)! : random.pick(free)
    void this.#change(known, known.item.act(known.row !== null, random), random)
  }

  /** The tables of each broker that is up are those of some version. */
  look(): void {
    const { watch, inService } = this.#world
    for (const { id, life } of inService) {
      if (life !== null) watch.guard(() => watch.security.check(id, life.process, life.node.tables))
    }
  }

  /** What was acknowledged is there when nothing moves any more. @throws Finding */
  checkOutcome(): void {
    for (const known of this.#known) if (!known.busy) this.#require(known, 'at the end')
    this.#requireNobody('at the end')
  }

  async #change(known: Known, act: Act, random: SimRandom): Promise<void> {
    const world = this.#world
    known.busy = true
    const before = known.row
    const code = await this.#ask(act, random)
    if (code !== null && code !== NOT_TRIED) {
      if (refusals.has(code)) world.watch.report(kept(`${act.what} is refused: ${code}`))
      this.#known.splice(this.#known.indexOf(known), 1)
      return
    }
    // The watch may learn of a commit within the same event.
    await world.pause(REVIEW_MS)
    const found = known.item.row(world.watch.metadata.security)
    if (code === null) {
      world.operated('security')
      known.row = act.row === undefined ? found : act.row
      if (act.row === undefined && (found === null || isDeepStrictEqual(found, before)))
        world.watch.report(kept(`${act.what} is done, and ${known.item.name} is ${JSON.stringify(found)}`))
    }
    world.watch.guard(() => this.#require(known, act.what))
    known.busy = false
  }

  async #beRefused(act: Act, random: SimRandom): Promise<void> {
    const { watch } = this.#world
    if ((await this.#ask(act, random)) === null) watch.report(kept(`${act.what} is done`))
    watch.guard(() => this.#requireNobody(act.what))
  }

  /** The code of the error, or the reason for which there is no answer; null: it is done. */
  async #ask({ what, ask }: Act, random: SimRandom): Promise<string | null> {
    const world = this.#world
    const broker = world.anyBroker(random)
    try {
      await world.call(broker, ({ node }) => ask(node.security), CALL_MS)
      world.note(`operator: ${what}: done`)
      return null
    } catch (error) {
      world.note(`operator: ${what}: ${error}`)
      const code = error instanceof TailraceError ? error.code : isNoAnswer(error) ? 'no answer' : 'INTERNAL'
      if (code === 'INTERNAL') {
        const detail = error instanceof Error ? error.stack : error
        world.watch.report(new Finding('unhandled-rejection', `${what}: ${detail}`))
      }
      return code
    }
  }

  #require({ item, row }: Known, when: string): void {
    const found = item.row(this.#world.watch.metadata.security)
    if (isDeepStrictEqual(found, row)) return
    throw kept(`${when}: ${item.name} is ${JSON.stringify(found)} and not ${JSON.stringify(row)}`)
  }

  #requireNobody(when: string): void {
    const { users, tokens, acls, quotas } = this.#world.watch.metadata.security
    const rows = [users, tokens, acls, quotas].flatMap((table) => [...table.values()])
    const refused = rows.find((row) => JSON.stringify(row).includes(NOBODY))
    if (refused !== undefined) throw kept(`${when}: ${JSON.stringify(refused)} was refused, and is there`)
  }
}
