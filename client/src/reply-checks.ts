import { type Frame, type Message, TailraceError } from '@tailrace/schemas'

type Checked = 'PublishReply' | 'PublishIfReply' | 'FetchReply' | 'FindOffsetReply' | 'InitProducerReply' | 'Records'

/** Numbers that count from 0. (A topic's partitions are checked in metadata.ts.) */
const counts: { readonly [Name in Checked]: readonly (keyof Message<Name>)[] } = {
  PublishReply: ['baseOffset', 'lastOffset', 'term', 'index'],
  // Without a record the last offset is one less than the first, which may be 0.
  PublishIfReply: ['baseOffset', 'term', 'index'],
  FetchReply: ['nextOffset', 'highWatermark', 'logStart', 'rulesVersion'],
  FindOffsetReply: ['offset', 'highWatermark', 'logStart'],
  // A batch with producer -1 belongs to no producer: brokers would take it twice.
  InitProducerReply: ['producerId', 'epoch'],
  Records: ['partition', 'nextOffset', 'highWatermark'],
}
const HIGHEST_EPOCH = 32_767

/** Producers and consumers rely on these numbers. @throws TailraceError MALFORMED_FRAME for one that no broker sends */
export function checkReply(frame: Frame): void {
  const { name, fields } = frame
  if (Object.hasOwn(counts, name)) checkCounts(name, fields, counts[name as Checked])
  if (name === 'Subscribed')
    for (const place of fields.partitions) checkCounts(name, place, ['partition', 'offset', 'highWatermark'])
  if (name === 'InitProducerReply' && fields.epoch > HIGHEST_EPOCH) throw wrong(name, 'epoch', fields.epoch)
}

function checkCounts(name: string, fields: object, keys: readonly string[]): void {
  for (const key of keys) {
    const value = (fields as Record<string, number | undefined>)[key]
    if (value !== undefined && value < 0) throw wrong(name, key, value)
  }
}

function wrong(name: string, key: string, value: number): TailraceError {
  return new TailraceError('MALFORMED_FRAME', `${name} says ${key} ${value}.`)
}
