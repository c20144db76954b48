import type { Client } from '@tailrace/client'
import { readPlace } from './point-read.ts'
import { checkPlace, type ReadOptions, type ReadPlace, readSettings } from './read-options.ts'
import { type ReadResult, readResult } from './read-result.ts'
import { onUnreadableOf } from './readable-records.ts'
import type { RecordMaker } from './record.ts'

/**
 * The records from a place on. `signal`: ends the read; that of the options is not asked.
 * @throws TailraceError as the `read` of a consumer
 */
export async function readRecordsAt<Data>(
  client: Client,
  topic: string,
  place: ReadPlace,
  options: ReadOptions,
  make: RecordMaker<Data>,
  signal: AbortSignal,
): Promise<ReadResult<Data>> {
  checkPlace(place)
  const settings = readSettings(options)
  const onUnreadable = onUnreadableOf(options.onUnreadable)
  const answer = await readPlace(client, topic, place, settings, signal)
  return readResult(topic, place, answer, make, onUnreadable)
}
