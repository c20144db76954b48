/** Many subscribers of one server, in a process of their own. Started with IPC; answers each order. */
import { nowUs } from '../fan-out/marks.ts'
import type { Kind } from './dialects.ts'
import { SequenceBook } from './sequence-book.ts'
import { Subscriber } from './subscriber.ts'

export type Order =
  | { readonly do: 'open'; readonly kind: Kind; readonly port: number; readonly count: number }
  /** All at once, and each connects again at once. */
  | { readonly do: 'cut' }
  /** One of so many, at random; each connects again 0.2 to 1 s later. */
  | { readonly do: 'drop'; readonly oneOf: number }
  | { readonly do: 'state' }
  /** `end`: the number behind the last record; what comes from then on counts anew. */
  | { readonly do: 'count'; readonly end: number }

export interface State {
  readonly records: number
  readonly live: number
  /** When the last of them has become live, in microseconds of the clock of `nowUs`. */
  readonly liveAtUs: number
}

export interface Counted {
  readonly missed: number
  readonly doubled: number
  readonly late: number
}

const OPEN_AT_ONCE = 100

const subscribers: Subscriber[] = []
let liveAtUs = 0

function open(kind: Kind, port: number): Promise<void> {
  return new Promise((resolve) => {
    const onLive = () => {
      liveAtUs = nowUs()
    }
    subscribers.push(new Subscriber(kind, port, resolve, onLive))
  })
}

async function openAll(kind: Kind, port: number, count: number): Promise<void> {
  for (let at = 0; at < count; at += OPEN_AT_ONCE) {
    const some = Math.min(OPEN_AT_ONCE, count - at)
    await Promise.all(Array.from({ length: some }, () => open(kind, port)))
  }
}

function drop(oneOf: number): number {
  const dropped = subscribers.filter(() => Math.random() * oneOf < 1)
  for (const subscriber of dropped) subscriber.cut(200 + Math.random() * 800)
  return dropped.length
}

function state(): State {
  let records = 0
  let live = 0
  for (const subscriber of subscribers) {
    records += subscriber.records
    if (subscriber.isLive) live++
  }
  return { records, live, liveAtUs }
}

function count(end: number): Counted {
  let [missed, doubled, late] = [0, 0, 0]
  for (const subscriber of subscribers) {
    missed += subscriber.book.missedBelow(end)
    doubled += subscriber.book.doubled
    late += subscriber.book.late
    subscriber.book = new SequenceBook(end)
  }
  return { missed, doubled, late }
}

process.on('message', async (order: Order) => {
  if (order.do === 'open') {
    await openAll(order.kind, order.port, order.count)
    process.send!('open')
  } else if (order.do === 'cut') {
    for (const subscriber of subscribers) subscriber.cut(0)
    process.send!(subscribers.length)
  } else if (order.do === 'drop') process.send!(drop(order.oneOf))
  else if (order.do === 'state') process.send!(state())
  else process.send!(count(order.end))
})
process.on('disconnect', () => process.exit(0))
