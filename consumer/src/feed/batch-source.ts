import type { RecordsBatch } from '../records-batch.ts'
import type { ReceivedBatch } from './received-batch.ts'
import { YoungCollections } from './young-collections.ts'

/** Batches for one reader, of one topic or of several. */
export interface BatchSource {
  /**
   * The next batch; undefined after `close`, or when all has been read. Its share of the buffer is free again once
   * `release` is called with it.
   * @throws TailraceError what ended it, after all that was received before has been read
   */
  next(): Promise<ReceivedBatch | undefined>
  release(batch: ReceivedBatch): void
  /** Ends quietly. What is not read is dropped. */
  close(): void
}

/** All batches of a source. What a batch holds is free for more when the next one is asked for. */
export async function* batchesOf<Data>(
  source: BatchSource,
  batchOf: (received: ReceivedBatch) => RecordsBatch<Data>,
): AsyncGenerator<RecordsBatch<Data>, undefined> {
  const collections = new YoungCollections()
  try {
    for (let received = await source.next(); received !== undefined; received = await source.next()) {
      const { cursor, lastOffset } = received
      if (!cursor.isLeft) {
        cursor.position = lastOffset + 1
        yield batchOf(received)
        cursor.position = lastOffset + 1
      }
      source.release(received)
      collections.passed(received.end - received.start)
    }
  } finally {
    source.close()
  }
}
