import type { Client } from '@tailrace/client'
import { readPlace } from './point-read.ts'
import { checkPlace, type ReadOptions, type ReadPlace, readSettings } from './read-options.ts'
import { type ReadResult, readResult } from './read-result.ts'
import { onUnreadableOf } from './readable-records.ts'
import type { RecordMaker } from './record.ts'

/**
 * The records from a place on. `closing`: ends the read, as the signal of the options does.
 * @throws TailraceError as the `read` of a consumer
 */
export async function readRecordsAt<Data>(
  client: Client,
  topic: string,
  place: ReadPlace,
  options: ReadOptions,
  make: RecordMaker<Data>,
  closing: AbortSignal,
): Promise<ReadResult<Data>> {
  checkPlace(place)
  const settings = readSettings(options)
  const onUnreadable = onUnreadableOf(options.onUnreadable)
  const signal = options.signal === undefined ? closing : AbortSignal.any([options.signal, closing])
  const answer = await readPlace(client, topic, place, settings, signal)
  return readResult(topic, place, answer, make, onUnreadable)
}
