import { type BrokerId, TailraceError } from '@tailrace/schemas'
import type { BrokerDescription } from '../../api/broker-api.ts'
import { areSameConnections, isSameField, isSameLag } from './slight-changes.ts'

/** A list of brokers in an answer, whole or as changes of the one before. */
export interface ToldList {
  /** 0: it is not to be built upon. */
  readonly list: number
  /** 0: `brokers` are all. Else they change the list of this number. */
  readonly listAfter: number
  readonly brokers: readonly BrokerDescription[]
  readonly gone: readonly BrokerId[]
}

/** The list of brokers that the sender of beats has from here. An answer tells what has changed in it. */
export class SentList {
  /** As it was given last, and as it was told: a load that has changed slightly is not told. */
  #given: readonly BrokerDescription[] = []
  #told: ReadonlyMap<BrokerId, BrokerDescription> = new Map()
  #number = 0

  /** `known`: the number of the list that the sender has; 0: none, -1: it takes whole lists only. */
  next(brokers: readonly BrokerDescription[], known: number): ToldList {
    if (known < 0) return { list: 0, listAfter: 0, brokers, gone: [] }
    const isBuiltOn = known !== 0 && known === this.#number
    if (isBuiltOn && brokers === this.#given) return { list: known, listAfter: known, brokers: [], gone: [] }
    const before: ReadonlyMap<BrokerId, BrokerDescription> = isBuiltOn ? this.#told : new Map()
    const changed = brokers.filter((broker) => !isSame(before.get(broker.id), broker))
    const told = new Map([...before, ...changed.map((broker) => [broker.id, broker] as const)])
    const ids = new Set(brokers.map(({ id }) => id))
    const gone = [...before.keys()].filter((id) => !ids.has(id))
    for (const id of gone) told.delete(id)
    this.#given = brokers
    this.#told = told
    if (!isBuiltOn || changed.length + gone.length > 0) this.#number++
    return { list: this.#number, listAfter: isBuiltOn ? known : 0, brokers: changed, gone }
  }
}

/** The other side of `SentList`. */
export class HeardList {
  #brokers: readonly BrokerDescription[] = []
  #number = 0

  get number(): number {
    return this.#number
  }

  /** The whole list; the same array as long as nothing changes. @throws TailraceError INCOMPATIBLE_PEER */
  take({ list, listAfter, brokers, gone }: ToldList): readonly BrokerDescription[] {
    if (listAfter === 0) this.#brokers = brokers
    else if (listAfter !== this.#number) {
      throw new TailraceError('INCOMPATIBLE_PEER', 'A list of brokers does not continue the one before.')
    } else if (brokers.length + gone.length > 0) this.#brokers = changedBy(this.#brokers, brokers, gone)
    this.#number = list
    return this.#brokers
  }
}

/** Level 0 first, then by number, as level 0 tells them. */
function changedBy(
  before: readonly BrokerDescription[],
  changed: readonly BrokerDescription[],
  gone: readonly BrokerId[],
): BrokerDescription[] {
  const brokers = new Map(before.map((broker) => [broker.id, broker]))
  for (const id of gone) brokers.delete(id)
  for (const broker of changed) brokers.set(broker.id, broker)
  // Entries that were there before stay in their places.
  if (brokers.size <= before.length - gone.length) return [...brokers.values()]
  const below = ({ level }: BrokerDescription): number => ((level ?? 0) > 0 ? 1 : 0)
  return [...brokers.values()].sort((a, b) => below(a) - below(b) || a.id - b.id)
}

function isSame(told: BrokerDescription | undefined, now: BrokerDescription): boolean {
  if (told === now) return true
  if (told === undefined || !isSameLoad(told.load, now.load)) return false
  const { load: _, ...before } = told
  const { load: __, ...after } = now
  const names = Object.keys({ ...before, ...after }) as (keyof typeof before)[]
  return names.every((name) => isSameField(before[name], after[name]))
}

function isSameLoad(told: BrokerDescription['load'], now: BrokerDescription['load']): boolean {
  if (told === undefined || now === undefined) return told === now
  const isAsReady = told.ready === now.ready
  return isAsReady && isSameLag(told.lagMs, now.lagMs) && areSameConnections(told.connections, now.connections)
}
