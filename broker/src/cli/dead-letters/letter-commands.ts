import type { Offset, PartitionNumber } from '@tailrace/schemas'
import type { Asking } from '../admin/group-commands.ts'
import { CommandFailure } from '../command-failure.ts'
import { grouped, plural } from '../quantity.ts'
import type { TailedRecord } from '../records/record-text.ts'
import { table } from '../table.ts'
import { formerHeaders, letterJson, letterOf, letterText } from './letter.ts'
import { type LetterSource, readLetters } from './read-letters.ts'
import { deadLetterTopics, handledPositions, lettersIn, setHandled, waitingIn } from './waiting.ts'

/** Replayed records are confirmed together, so that a replay that is cut short repeats so many at most. */
const REPLAY_BATCH = 200

/** The part of a producer that this needs; `Producer` of @tailrace/producer is one. */
export interface LetterTarget {
  send(topic: string, record: object): Promise<unknown>
}

export async function listLetters({ admin, json, terminal }: Asking): Promise<void> {
  const handled = await handledPositions(admin)
  const topics = await deadLetterTopics(admin)
  const rows = await Promise.all(
    topics.map(async (topic) => ({ topic, waiting: lettersIn(await waitingIn(topic, handled, admin)) })),
  )
  if (json) return terminal.print(JSON.stringify(rows))
  const columns = [
    { title: 'TOPIC', of: ({ topic }: (typeof rows)[0]) => topic },
    { title: 'WAITING', of: ({ waiting }: (typeof rows)[0]) => grouped(waiting), right: true },
  ] as const
  terminal.print(table(rows, columns, terminal.width))
}

/** At most `count`, those of each partition in order. */
export async function showLetters(
  topic: string,
  count: number,
  source: LetterSource,
  { admin, json, terminal }: Asking,
): Promise<void> {
  const waiting = await waitingIn(topic, await handledPositions(admin), admin)
  let left = count
  for await (const record of readLetters(topic, waiting, source, terminal.interrupted)) {
    await terminal.write(json ? letterJson(record) : letterText(record))
    if (--left === 0) return
  }
}

/**
 * Publishes each again where it comes from, or to `to`, and counts it as dealt with. A command that is cut short has
 * published some that it publishes again later.
 * @throws CommandFailure INVALID_RECORD: a record does not tell where it comes from
 */
export async function replayLetters(
  topic: string,
  to: string | null,
  source: LetterSource,
  target: LetterTarget,
  { admin, json, terminal }: Asking,
): Promise<void> {
  const waiting = await waitingIn(topic, await handledPositions(admin), admin)
  const sent: Promise<unknown>[] = []
  const done = new Map<PartitionNumber, Offset>()
  let replayed = 0
  const confirm = async (): Promise<void> => {
    await Promise.all(sent.splice(0))
    await setHandled(topic, done, admin)
    replayed = lettersSince(done, waiting)
  }
  for await (const record of readLetters(topic, waiting, source, terminal.interrupted)) {
    const sending = send(record, topic, to, target)
    sending.catch(() => {})
    sent.push(sending)
    done.set(record.partition, record.offset + 1)
    if (sent.length >= REPLAY_BATCH) await confirm()
  }
  await confirm()
  terminal.print(json ? JSON.stringify({ topic, replayed }) : `replayed ${plural(replayed, 'record')} of ${topic}`)
}

/** They count as dealt with; the records stay in the topic as long as its retention says. */
export async function dropLetters(topic: string, { admin, json, terminal }: Asking): Promise<void> {
  const waiting = await waitingIn(topic, await handledPositions(admin), admin)
  const dropped = lettersIn(waiting)
  const open = waiting.filter(({ next, end }) => next < end)
  await setHandled(topic, new Map(open.map(({ partition, end }) => [partition, end])), admin)
  terminal.print(json ? JSON.stringify({ topic, dropped }) : `dropped ${plural(dropped, 'record')} of ${topic}`)
}

function lettersSince(done: ReadonlyMap<PartitionNumber, Offset>, waiting: Parameters<typeof lettersIn>[0]): number {
  return waiting.reduce((sum, { partition, next }) => sum + (done.get(partition) ?? next) - next, 0)
}

async function send(record: TailedRecord, from: string, to: string | null, target: LetterTarget): Promise<unknown> {
  const { topic, partition } = letterOf(record)
  if (to === null && (topic === '' || partition === null)) {
    const message = `${from} ${record.partition}:${record.offset} does not tell where it comes from.`
    throw new CommandFailure({ code: 'INVALID_RECORD', message, retriable: false, hint: 'Name a topic with --to.' })
  }
  const { key, value } = record
  const place = to === null ? { partition } : {}
  return target.send(to ?? topic, { key, value, headers: formerHeaders(record), ...place })
}
