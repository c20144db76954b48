import { crc32c } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { decodeCheckpoint, encodeCheckpoint } from '../replica/state/checkpoint-codec.ts'
import { caughtUp, lateWorld } from '../testing/late-world.ts'
import type { TestWorld } from '../testing/test-world.ts'
import { type CopyManifest, decodeManifest, encodeManifest, STATE_FILE } from './copy-manifest.ts'

type Description = CopyManifest['description']

/** The manifests of all copies say this of the log. One that is empty has no files. */
function tellOfLog(world: TestWorld, lie: (told: Description) => Partial<Description>): void {
  world.answers = (name, reply) => {
    if (name !== 'CopyOpen') return reply
    const manifest = decodeManifest(new Uint8Array(Buffer.concat(reply.body)))
    const description = { ...manifest.description, ...lie(manifest.description) }
    const files = description.lastIndex === description.prevIndex ? [] : manifest.files
    const body = encodeManifest({ ...manifest, description, files })
    return { fields: { ...reply.fields, crc32c: crc32c(body, 0, body.length) }, body: [body] } as typeof reply
  }
}

function tellOfState(world: TestWorld, change: { commitIndex?: number; highWatermark?: number }): void {
  world.answers = (name, reply, _from, _to, request) => {
    if (name !== 'CopyRead' || (request as { file?: string }).file !== STATE_FILE) return reply
    const checkpoint = decodeCheckpoint(new Uint8Array(Buffer.concat(reply.body)), crc32c)
    if (checkpoint === null) return reply
    const body = encodeCheckpoint({ ...checkpoint, ...change }, crc32c)
    return { fields: { ...reply.fields, crc32c: crc32c(body, 0, body.length) }, body: [body] } as typeof reply
  }
}

/** A term that is none of the log's, all through it. */
const anotherTerm = ({ terms }: Description): Partial<Description> => ({
  prevTerm: 0,
  lastTerm: 9,
  terms: terms.map((start) => ({ ...start, term: 9 })),
})

const lies: [string, (world: TestWorld) => void][] = [
  [
    'a log that ends before the offered entry',
    (world) =>
      tellOfLog(world, ({ prevIndex, prevTerm, startOffset }) => ({
        lastIndex: prevIndex,
        lastTerm: prevTerm,
        endOffset: startOffset,
        terms: [],
      })),
  ],
  ['a log of another term', (world) => tellOfLog(world, anotherTerm)],
  ['a state that ends before its log', (world) => tellOfState(world, { commitIndex: 1 })],
  ['a state that ends after its log', (world) => tellOfState(world, { commitIndex: 1_000 })],
  ['a state with another high watermark', (world) => tellOfState(world, { highWatermark: 3 })],
]

describe('a copy that differs from the offer of its source', () => {
  it.each(lies)('%s: nothing is installed, and the replica continues when the source is right', async (_what, lie) => {
    const world = await lateWorld()
    lie(world)
    await world.restart(3)
    await world.run(4_000)
    const { metrics } = world.broker(3).groups
    const before = await world.records(3)
    expect([metrics.snapshotsInstalled, world.replica(3).driver.stopped]).toEqual([0, false])
    expect(before.map((record) => record.slice(0, 3))).toEqual(['0:0', '1:1'])
    world.answers = (_name, reply) => reply
    await caughtUp(world, 3)
    expect([metrics.snapshotsInstalled, world.replica(3).driver.stopped]).toEqual([1, false])
    const [here, there] = [await world.records(3), await world.records(world.leader().id)]
    expect(there.slice(-here.length)).toEqual(here)
  })
})
