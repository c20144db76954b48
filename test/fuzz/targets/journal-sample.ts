import { crc32c } from '@tailrace/schemas'
import { BLOCK_BYTES } from '../../../broker/src/log/journal/block.ts'
import { type RecordOwner, RecordType, RecordWriter } from '../../../broker/src/log/journal/record.ts'
import { Staging } from '../../../broker/src/log/journal/staging.ts'
import { journalOnly } from '../../../broker/src/log/testing/small-log.ts'
import { type Files, fingerprint, readAll } from './stored-files.ts'

export interface JournalSample {
  readonly files: Files
  readonly path: string
  readonly written: ReadonlySet<string>
  /** The blocks with rounds. */
  readonly blocks: Uint8Array
  /** The same, and one more round with a record of each type. */
  readonly allTypes: Uint8Array
}

/** A log of two groups of which all entries are in the journal, behind the checkpoint, as a loss of power leaves it. */
export async function journalSample(): Promise<JournalSample> {
  const { disk, writers, path, to } = await journalOnly()
  disk.crash(() => 0)
  const files = await readAll(disk)
  const blocks = files.get(path)!.slice(0, to)
  const batches = writers.flatMap((writer) => writer.now.entries.map(({ batch }) => batch))
  const allTypes = Buffer.concat([blocks, roundOfAllTypes(to / BLOCK_BYTES + 1, batches[0]!)])
  return { files, path, written: new Set(batches.map(fingerprint)), blocks, allTypes: Uint8Array.from(allTypes) }
}

/** Of a third group, whose records follow on each other. */
function roundOfAllTypes(sequence: number, batch: Uint8Array): Uint8Array {
  const staging = new Staging(crc32c)
  const writer = new RecordWriter(staging, crc32c)
  const owner: RecordOwner = { id: 3, incarnation: 9, counter: 0 }
  const run = { first: 2, count: 3, endOffset: 9, segmentBase: 2, position: 0, bytes: 400, syncedWithRound: true }
  writer.mark(RecordType.Create, owner)
  writer.hardState(owner, { term: 2, votedFor: 1 })
  writer.entry(owner, 1, batch)
  writer.reference(owner, { ...run, terms: [{ term: 2, index: 3, offset: 4 }] })
  writer.configuration(owner, 3, batch)
  writer.cut(owner, 4, 8)
  writer.prefix(owner, 2, { prevTerm: 1, startOffset: 3 })
  writer.damage(owner, 4, { lastIndex: 3, endOffset: 8, lastTerm: 2, reason: 'it was lost' })
  writer.mark(RecordType.Repaired, owner)
  writer.install({ id: 4, incarnation: 10, counter: 0 }, new TextEncoder().encode(installed))
  writer.mark(RecordType.Remove, owner)
  return staging.seal(sequence, 1).slice()
}

const installed = JSON.stringify({
  group: 4,
  incarnation: 10,
  counter: 1,
  damage: null,
  hardState: [2, 1],
  prev: [4, 1, 6],
  end: [9, 30],
  terms: [[2, 5, 6]],
  configurations: [],
  segments: [[5, 6, 500, 9, 30, 1000, 0, 1, 77, 1000]],
})
