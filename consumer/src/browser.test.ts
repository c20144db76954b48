import { createContext, runInContext } from 'node:vm'
import { TestCluster } from '@tailrace/client/testing'
import { Producer } from '@tailrace/producer'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

/** A page reads a few records, breaks off, and returns them. */
const page = `
  import { Consumer } from './index.ts'
  globalThis.read = async (server, topic, count, options) => {
    const consumer = new Consumer({ servers: [server], ...options })
    const values = []
    for await (const record of consumer.subscribe(topic, { from: 'earliest' })) {
      values.push(record.key + '=' + record.value)
      if (values.length === count) break
    }
    await consumer.close()
    return values.join()
  }
  globalThis.handle = async (server, topic, count) => {
    const consumer = new Consumer({ servers: [server] })
    const group = consumer.group('page')
    const values = []
    for await (const record of group.subscribe(topic)) {
      values.push(record.key + '=' + record.value)
      if (values.length < count) continue
      await record.commit()
      break
    }
    await consumer.close()
    return values.join()
  }
`

/**
 * What browsers have, and no more: no Buffer, no process, no require. Code out of strings is refused, as on a page
 * whose Content-Security-Policy has no 'unsafe-eval'.
 */
const browser = {
  WebSocket,
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  queueMicrotask,
  performance,
  TextEncoder,
  TextDecoder,
  AbortController,
  AbortSignal,
  URL,
  console,
  ArrayBuffer,
  Uint8Array,
  Float64Array,
  crypto,
}

it('runs where there is nothing of Node: over WebSocket, with every compression that a producer may have used', async () => {
  const built = await build({
    stdin: { contents: page, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    write: false,
    metafile: true,
  })
  expect(Object.keys(built.metafile.inputs).filter((path) => /\/ws\/|node\.ts$|^node:/.test(path))).toEqual([])
  const context = createContext({ ...browser }, { codeGeneration: { strings: false } })
  runInContext(built.outputFiles[0]!.text, context)

  const cluster = await TestCluster.start({ none: 2, gzip: 2, zstd: 2 })
  for (const compression of ['none', 'gzip', 'zstd'] as const) {
    const producer = new Producer({ servers: cluster.servers, compression })
    await producer.sendBatch(
      compression,
      Array.from({ length: 50 }, (_, i) => ({ key: 'k', value: `ü${i}` })),
    )
    await producer.close()
    const written = Array.from({ length: 50 }, (_, i) => `k=ü${i}`).join()
    expect(await context.read(cluster.servers[0]!, compression, 50)).toBe(written)
    // Of the level below, once there is one.
    expect(await context.read(cluster.servers[0]!, compression, 50, { level: 'nearest' })).toBe(written)
    await cluster.addCascade(100 + cluster.cascades.length)
  }
  const handled = await context.handle(cluster.servers[0]!, 'gzip', 50)
  expect(handled.split(',').sort()).toEqual(Array.from({ length: 50 }, (_, i) => `k=ü${i}`).sort())
  expect([...cluster.group('page').partitions.values()].reduce((sum, { offset }) => sum + Math.max(0, offset), 0)).toBe(
    50,
  )
  await cluster.close()
})
