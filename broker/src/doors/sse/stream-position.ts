import type { Offset, PartitionNumber, Position } from '@tailrace/schemas'
import { positionFrom, TailraceError } from '@tailrace/schemas'

const LARGEST_DIGITS = 11
const marks = { EARLIEST: 'E', LATEST: 'L', TIME: 'T', OFFSET: '' } as const

/**
 * How far a stream has come in each partition that it follows: the id of its events. As text
 * `<topic id>:<places>`, the places with commas between them. A stream of all partitions has those of 0, 1, 2 … in this
 * order, one of chosen partitions `<partition>=<place>`. A place is the next offset in base 36; `E`, `L` or `T` with
 * milliseconds in base 36 where the partition has not begun yet.
 */
export class StreamPosition {
  readonly topicId: string
  /** Partitions that the topic gets later belong to it. */
  readonly isOfAll: boolean
  readonly #places: Map<PartitionNumber, Position>

  constructor(topicId: string, isOfAll: boolean, places: Iterable<readonly [PartitionNumber, Position]>) {
    this.topicId = topicId
    this.isOfAll = isOfAll
    this.#places = new Map(places)
  }

  get places(): ReadonlyMap<PartitionNumber, Position> {
    return this.#places
  }

  move(partition: PartitionNumber, offset: Offset): void {
    // Partitions that were added with it and have not begun: everything in them is new.
    for (let added = this.#places.size; this.isOfAll && added < partition; added++)
      if (!this.#places.has(added)) this.#places.set(added, earliest)
    this.#places.set(partition, { kind: 'OFFSET', value: offset })
  }

  toString(): string {
    return `${this.topicId}:${this.#textOf([...this.#places])}`
  }

  /** What stands before and behind the place of a partition in the text. */
  around(partition: PartitionNumber): { readonly before: string; readonly after: string } {
    const all = [...this.#places]
    const at = all.findIndex(([number]) => number === partition)
    const [first, last] = [this.#textOf(all.slice(0, at)), this.#textOf(all.slice(at + 1))]
    const name = this.isOfAll ? '' : `${partition}=`
    const before = `${this.topicId}:${first}${first === '' ? '' : ','}${name}`
    return { before, after: last === '' ? '' : `,${last}` }
  }

  #textOf(places: readonly (readonly [PartitionNumber, Position])[]): string {
    const texts = places.map(([partition, place]) =>
      this.isOfAll ? placeText(place) : `${partition}=${placeText(place)}`,
    )
    return texts.join(',')
  }
}

const earliest = { kind: 'EARLIEST', value: 0 } as const

/** The place of a record in the text of a position. */
export function offsetText(offset: Offset): string {
  return offset.toString(36)
}

function placeText({ kind, value }: Position): string {
  return kind === 'EARLIEST' || kind === 'LATEST' ? marks[kind] : `${marks[kind]}${value.toString(36)}`
}

/**
 * The text of an event's id.
 * @throws TailraceError INVALID_REQUEST: it is none
 */
export function parseStreamPosition(text: string): StreamPosition {
  const [, topicId, list] = /^([\w-]{1,100}):(.+)$/.exec(text) ?? []
  const items = (list ?? '').split(',')
  const isOfAll = !items[0]!.includes('=')
  const places = new Map<PartitionNumber, Position>()
  for (const [index, item] of items.entries()) {
    const [, named, place] = /^(?:(\d{1,10})=)?(\w{1,12})$/.exec(item) ?? []
    const partition = named === undefined ? index : Number(named)
    const position = place === undefined ? null : placeFrom(place)
    if (topicId === undefined || position === null || (named === undefined) !== isOfAll || places.has(partition))
      throw new TailraceError('INVALID_REQUEST', `${JSON.stringify(text.slice(0, 100))} is no id of an event.`)
    places.set(partition, position)
  }
  return new StreamPosition(topicId!, isOfAll, places)
}

function placeFrom(text: string): Position | null {
  if (text === marks.EARLIEST) return positionFrom('earliest')
  if (text === marks.LATEST) return positionFrom('latest')
  const [, mark, digits] = /^(T?)([0-9a-z]+)$/.exec(text) ?? []
  if (digits === undefined || digits.length > LARGEST_DIGITS) return null
  const value = Number.parseInt(digits, 36)
  if (!Number.isSafeInteger(value)) return null
  return { kind: mark === 'T' ? 'TIME' : 'OFFSET', value }
}
