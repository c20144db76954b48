import { TailraceError } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { Catalog } from '../../broker/src/cascade/copies/catalog.ts'
import { CascadeIdentity } from '../../broker/src/cascade/upstream/identity.ts'
import { readFormation } from '../../broker/src/cluster/metadata/formation-record.ts'
import { readDurableMark } from '../../broker/src/log/journal/durable-mark.ts'
import { readDataFormat } from '../../broker/src/log/recovery/data-format.ts'
import { checkStateFormat } from '../../broker/src/log/store/state-format.ts'
import { MemoryStore } from '../../broker/src/log/testing/memory-store.ts'
import { Admissions } from '../../broker/src/partition/broker/admission-record.ts'
import { decodeCheckpoint } from '../../broker/src/partition/replica/state/checkpoint-codec.ts'
import {
  decodeConfiguration,
  encodeConfiguration,
} from '../../broker/src/partition/replica/state/configuration-codec.ts'
import { loadInstallRecord } from '../../broker/src/partition/replica/state/install-record.ts'
import { MemoryDisk } from '../../broker/src/platform/memory/disk.ts'
import { nodeCrc32c as crc } from '../../broker/src/platform/node/checksum.ts'
import { seededRandom } from '../../broker/src/platform/testing/random.ts'

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const random = { below: () => 0, uuid: () => 'u', secret: (bytes: number) => new Uint8Array(bytes) }

/** Puts the bytes under a key and calls the reader. */
const stored = (key: string, read: (store: MemoryStore) => unknown) => async (bytes: Uint8Array) => {
  const store = new MemoryStore()
  await store.write([[key, bytes]])
  return read(store)
}
const onDisk = (path: string, read: (disk: MemoryDisk) => unknown) => async (bytes: Uint8Array) => {
  const disk = new MemoryDisk()
  await disk.makeFolder('f')
  await (await disk.open(path)).write([bytes], 0)
  return read(disk)
}
const batch = { baseSequence: 0, records: 1, index: 4, baseOffset: 3, producerId: 7, epoch: 0 }
const topic = { name: 't', id: 'i', partitions: 2, replicas: 1, config: {}, groups: [1, 2], listedAt: 4 }
const identity = { broker: 1, directoryId: 'd', clusterId: '', home: 1, pinned: 0, known: ['a:1'] }
const founders = [{ id: 1, directoryId: 'd', peer: 'one:1' }]

/** A value of each kind that a broker stores, and its reader. Kinds with a target of npm run fuzz are not here. */
const readers: Record<string, [Uint8Array, (bytes: Uint8Array) => unknown]> = {
  'the record of an installation': [
    json({ lastIndex: 4, lastTerm: 2 }),
    stored('install/000000000005', (store) => loadInstallRecord(store, 5)),
  ],
  'the number of an admission': [
    json(17),
    stored('group/5/admission', (store) => new Admissions(store).of(5, 1, { stored: true, wanted: 0 })),
  ],
  'the first form of a checkpoint': [
    json({ version: 1, commitIndex: 4, highWatermark: 4, producers: [[7, { epoch: 0, batches: [batch] }]] }),
    (bytes) => decodeCheckpoint(bytes, crc),
  ],
  'the identity of a cascade broker': [
    json(identity),
    stored('cascade/identity', (store) => CascadeIdentity.load(store, 1, random)),
  ],
  'a topic of a cascade broker': [json(topic), stored('cascade/topic/i', (store) => new Catalog(store).load())],
  'the next group of a cascade broker': [json(9), stored('cascade/next-group', (store) => new Catalog(store).load())],
  'the format of the state store': [json(1), stored('format', (store) => checkStateFormat(store))],
  'the format of the folder': [
    new TextEncoder().encode('tailrace-data-1 1463131532\n'),
    onDisk('f/format', (disk) => readDataFormat(disk, 'f', crc)),
  ],
  'the mark of the journal': [
    new Uint8Array(16).fill(7),
    onDisk('f/durable', (disk) => readDurableMark(disk, 'f', crc)),
  ],
  'the configuration of a group': [
    new TextEncoder().encode(
      encodeConfiguration({ voters: [1, 2], outgoing: [], learners: [3], admissions: { 3: 9 } }),
    ),
    (bytes) => decodeConfiguration(new TextDecoder().decode(bytes)),
  ],
  'the record of the cluster': [json({ clusterId: 'c', voters: founders }), (bytes) => readFormation(parsed(bytes))],
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return null
  }
}

const odd = [null, -1, 0.5, '', 'x', [], {}, [null], true, 2 ** 60]

/** The value with one of its parts replaced by an odd one: every part, every odd value. */
function* replaced(value: unknown): Generator<unknown> {
  yield* odd
  if (typeof value !== 'object' || value === null) return
  for (const [name, part] of Object.entries(value)) {
    for (const other of replaced(part)) {
      yield Array.isArray(value)
        ? value.map((old, at) => (at === Number(name) ? other : old))
        : { ...value, [name]: other }
    }
    if (!Array.isArray(value)) yield Object.fromEntries(Object.entries(value).filter(([other]) => other !== name))
  }
}

function* mutations(sound: Uint8Array, seed: number): Generator<Uint8Array> {
  const dice = seededRandom(seed)
  for (let length = 0; length < sound.length; length++) yield sound.slice(0, length)
  for (let round = 0; round < 400; round++) {
    const bytes = sound.slice()
    for (let flips = dice.below(3); flips >= 0; flips--) bytes[dice.below(bytes.length)]! ^= 1 << dice.below(8)
    yield bytes
  }
  const value = parsed(sound)
  if (value !== null) for (const other of replaced(value)) yield json(other)
}

for (const [at, [name, [sound, read]]] of Object.entries(readers).entries()) {
  test(`${name}: any stored value is read, or refused with an error of ours`, async () => {
    for (const bytes of mutations(sound, at + 1)) {
      try {
        await read(bytes)
      } catch (error) {
        expect(error, new TextDecoder().decode(bytes)).toBeInstanceOf(TailraceError)
      }
    }
  })
}
