import { type Offset, type PartitionNumber, TailraceError } from '@tailrace/schemas'

/**
 * Where a reader of one topic goes on: the next offset of each partition. A Map, which JSON.stringify turns into
 * `{"topicId":"…","offsets":{"0":3}}`; both forms can be given to `from`.
 */
export class Positions extends Map<PartitionNumber, Offset> {
  /** The topic that the offsets belong to: another topic may have its name later. Empty: not known. */
  readonly topicId: string

  constructor(offsets: Iterable<readonly [PartitionNumber, Offset]> = [], topicId = '') {
    super(offsets)
    this.topicId = topicId
  }

  toJSON(): { topicId: string; offsets: Record<string, Offset> } {
    return { topicId: this.topicId, offsets: Object.fromEntries(this) }
  }
}

/**
 * Offsets by partition as a program has kept them: a Map; an array of offsets by partition, or of pairs; an object of
 * offsets by partition; an object with `offsets` and `topicId`. Numbers may be text, as JSON has them in names.
 * `option`: the name under which they were given.
 * @throws TailraceError INVALID_SETTING
 */
export function positionsFrom(given: object, option = 'from'): Positions {
  const refused = (detail: string) => new TailraceError('INVALID_SETTING', `${option}: ${detail}`)
  const { offsets, topicId } = isSaved(given)
    ? given
    : { offsets: given, topicId: (given as Partial<Positions>).topicId }
  const isNamed = topicId === undefined || typeof topicId === 'string'
  if (typeof offsets !== 'object' || offsets === null || !isNamed) throw refused('it is not a result of position().')
  const positions = new Positions([], topicId ?? '')
  for (const [partition, offset] of entriesOf(offsets)) {
    const wrong = [partition, offset].find((value) => Number.isNaN(whole(value)))
    if (wrong !== undefined) throw refused(`${String(wrong)} is not a whole number from 0 on.`)
    positions.set(whole(partition), whole(offset))
  }
  if (positions.size > 0) return positions
  throw refused(
    'it names no partition. A Map becomes {} as JSON; save the result of position() once ready() has resolved.',
  )
}

function isSaved(given: object): given is { offsets: unknown; topicId?: unknown } {
  return !(given instanceof Map) && Object.hasOwn(given, 'offsets')
}

function entriesOf(offsets: object): Iterable<readonly [unknown, unknown]> {
  if (offsets instanceof Map) return offsets
  if (!Array.isArray(offsets)) return Object.entries(offsets)
  return offsets.every((entry) => Array.isArray(entry)) ? (offsets as [unknown, unknown][]) : offsets.entries()
}

/** NaN: it is none from 0 on. */
function whole(value: unknown): number {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : Number.NaN
}
