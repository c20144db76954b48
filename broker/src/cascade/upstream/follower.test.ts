import { expect, it } from 'vitest'
import { openLogStorage } from '../../log/open.ts'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import { promptClock } from '../../platform/testing/prompt-clock.ts'
import { Copies } from '../copies/copies.ts'
import { Follower } from './follower.ts'
import type { SourceLink, SubscriptionListener } from './source-link.ts'

const sizes = { journalFileBytes: 64 * 1024, segmentBytes: 16 * 1024, tailBytes: 64 * 1024, directBytes: 8 * 1024 }

it('M88 a copy that begins anew is not subscribed to meanwhile: what came would be left out, and leave a gap', async () => {
  const deps = { clock: promptClock, crc32c: nodeCrc32c }
  const options = { ...sizes, folder: 'log', diskReserveBytes: 0 }
  const storage = await openLogStorage({ ...deps, disk: new MemoryDisk().mount() }, options)
  const copies = new Copies({ ...deps, storage, store: new MemoryStore(), logger: silentLogger })
  await copies.load()
  await copies.update([{ name: 'flights', id: 'F', partitions: 1, replicas: 3, config: {} }], 1)
  const disk = Promise.withResolvers<void>()
  const beginInstall = storage.beginInstall.bind(storage)
  storage.beginInstall = async (...install) => {
    await disk.promise
    return beginInstall(...install)
  }
  const asked: unknown[] = []
  const listeners: SubscriptionListener[] = []
  const link = {
    subscriptions: 0,
    unsubscribe: () => {},
    subscribe(fields: { partitions: { position: unknown }[] }, listener: SubscriptionListener) {
      listeners.push(listener)
      return asked.push(fields.partitions[0]!.position)
    },
  } as unknown as SourceLink
  const none = () => Promise.reject(new Error('one connection is enough'))
  const follower = new Follower({
    copies,
    link,
    clock: new ManualClock(),
    logger: silentLogger,
    writable: () => true,
    openLink: none,
    askingLink: none,
    onLost: () => {},
    onGone: () => {},
    counts: { batches: 0, bytes: 0, newBeginnings: 0, missedRecords: 0 },
  })

  await follower.follow(new Map([['flights', 'F']]))
  const place = { partition: 0, offset: 7, highWatermark: 9 }
  listeners[0]!.subscribed({ subscription: 1, topicId: 'F', partitions: [place] })
  // As with each beat.
  await follower.follow()
  expect(asked).toEqual([{ kind: 'EARLIEST', value: 0 }])
  disk.resolve()
  while (copies.partition('flights', 0).logStart !== 7) await settled()
  await settled()
  await follower.follow()
  expect(asked.slice(1)).toEqual([{ kind: 'OFFSET', value: 7 }])
  follower.close()
})
