import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)
const MEGABYTES = 640

/** Full collections of a program that is given batches of 1 MiB, one after the other, and keeps none. */
async function fullCollections(loop: string): Promise<number> {
  const code = `
    import { PerformanceObserver, constants } from 'node:perf_hooks'
    const { batchesOf } = await import(${JSON.stringify(import.meta.resolve('./batch-source.ts'))})
    let full = 0
    const count = ({ detail }) => (full += detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR ? 1 : 0)
    new PerformanceObserver((list) => list.getEntries().forEach(count)).observe({ entryTypes: ['gc'] })
    const size = 2 ** 20
    let left = ${MEGABYTES}
    const next = async () =>
      left-- > 0 ? { cursor: {}, bytes: new Uint8Array(size), start: 0, end: size, lastOffset: 0 } : undefined
    const source = { next, release() {}, close() {} }
    ${loop}
    await new Promise((resolve) => setTimeout(resolve, 20))
    process.stdout.write(String(full))`
  const { stdout } = await run(process.execPath, ['--no-warnings', '--input-type=module', '-e', code])
  return Number(stdout)
}

it('batches that are not kept are freed by small collections', async () => {
  const alone = await fullCollections('while ((await source.next()) !== undefined) continue')
  const ofLoop = await fullCollections(
    'for await (const _ of batchesOf(source, (received) => received.bytes)) continue',
  )
  expect(alone).toBeGreaterThanOrEqual(5)
  expect(ofLoop).toBeLessThan(alone / 2)
}, 60_000)
