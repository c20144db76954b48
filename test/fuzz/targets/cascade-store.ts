import { Catalog } from '../../../broker/src/cascade/copies/catalog.ts'
import { MemoryStore } from '../../../broker/src/log/testing/memory-store.ts'
import { MemoryDisk } from '../../../broker/src/platform/memory/disk.ts'
import { type Block, blocksOf, bytesOf } from '../blocks.ts'
import { CascadeBroker, checkView, type Lie, topicsReply } from '../live/cascade-broker.ts'
import { withoutLooseErrors } from '../loose-errors.ts'
import { oddJson } from '../odd-json.ts'
import { type FuzzTarget, refusedAs, text, type Verdict } from '../target.ts'

const keys = [
  'cascade/topic/t1',
  'cascade/next-group',
  'cascade/identity',
  'cascade/topic/t2',
  'cascade/security',
] as const

/** Two topics, as a cascade broker keeps them in its state store. */
async function keptValues(): Promise<readonly Uint8Array[]> {
  const kept = { disk: new MemoryDisk(), store: new MemoryStore() }
  const [flights] = topicsReply.topics
  const topics = [flights!, { ...flights!, name: 'trains', id: 't2', partitions: 1 }]
  const lie: Lie = { question: 'topics', ok: true, text: JSON.stringify({ ...topicsReply, total: 2, topics }) }
  const broker = await CascadeBroker.open(kept, [lie])
  broker.node.start()
  await broker.pass(100)
  await broker.close()
  return Promise.all(keys.map(async (key) => (await kept.store.get(key))!))
}

const values = await keptValues()

/**
 * The content of a store: a block's kind chooses the key, and whether the value is these bytes or the stored value with
 * odd parts.
 */
async function start(input: Uint8Array): Promise<Verdict> {
  const kept = { disk: new MemoryDisk(), store: new MemoryStore() }
  const found = keys.map((key, at): [string, Uint8Array] => [key, values[at]!])
  for (const { kind, bytes } of blocksOf(input).slice(0, keys.length)) {
    const at = kind % keys.length
    const isOdd = Math.floor(kind / keys.length) % 2 === 1
    found[at]![1] = isOdd ? text(oddJson(JSON.parse(new TextDecoder().decode(values[at])), bytes)) : bytes
  }
  await kept.store.write(found)
  let broker: CascadeBroker
  try {
    broker = await CascadeBroker.open(kept)
  } catch (error) {
    return refusedAs(error, ['STORAGE_CORRUPT', 'NEWER_FORMAT', 'BROKER_IDENTITY_MISMATCH'])
  }
  const catalog = new Catalog(kept.store)
  await catalog.load()
  await catalog.put([{ name: 'ships', id: 't3', partitions: 2, replicas: 1, config: {} }], 5)
  const groups = [...catalog.topics.values()].flatMap((topic) => topic.groups)
  if (new Set(groups).size !== groups.length) throw new Error(`two partitions in one group: ${groups}`)
  broker.node.start()
  await broker.pass(1_000)
  await checkView(broker)
  await broker.close()
  if (broker.mistakes.length > 0) throw broker.mistakes[0]
  return 'taken'
}

const odd = (key: number, ...choices: number[]): Block => ({ kind: keys.length + key, bytes: Uint8Array.from(choices) })

/** The stored state of a cascade broker and its topics, behind right checksums. */
export const cascadeStores: FuzzTarget = {
  name: 'cascade-store',
  samples: [
    ...values.map((bytes, kind) => bytesOf([{ kind, bytes }])),
    bytesOf([odd(0, 5, 3), odd(1), odd(2, 3, 4)]),
    bytesOf([odd(0), odd(3, 4, 9)]),
    bytesOf([odd(4, 30, 9), odd(4, 60, 3)]),
    bytesOf(values.map((bytes, kind) => ({ kind, bytes }))),
  ],
  run: (input) => withoutLooseErrors(() => start(input)),
}
