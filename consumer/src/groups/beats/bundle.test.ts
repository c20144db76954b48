import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { TestCluster } from '@tailrace/client/testing'
import { Producer } from '@tailrace/producer'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../../../..')
let folder: string
let cluster: TestCluster

/** A program that reads one record, and tells where its beats came from. */
const program = `
  import { Consumer } from './index.ts'
  const consumer = new Consumer({ servers: [process.argv[2]] })
  const group = consumer.group(process.argv[3])
  for await (const { value } of group.subscribe('t')) {
    console.log(value, group.heartbeats)
    break
  }
  await consumer.close()
`

beforeAll(async () => {
  // Below the packages that the bundle leaves out.
  await mkdir(join(root, '.tmp'), { recursive: true })
  folder = await mkdtemp(join(root, '.tmp', 'bundle-'))
  cluster = await TestCluster.start({ t: 1 })
  const producer = new Producer({ servers: cluster.servers })
  await producer.send('t', { value: 'a' })
  await producer.close()
})
afterAll(async () => {
  await cluster.close()
  await rm(folder, { recursive: true })
})

async function bundled(name: string, entries: Record<string, string>): Promise<string> {
  const usual = { bundle: true, platform: 'node', format: 'esm', outExtension: { '.js': '.js' } } as const
  const external = ['ws', '@node-rs/crc32']
  const stdin = { contents: program, resolveDir: resolve(import.meta.dirname, '../..'), loader: 'ts' } as const
  await build({ ...usual, external, stdin, outfile: join(folder, name, 'app.js') })
  if (Object.keys(entries).length > 0) {
    await build({ ...usual, external, entryPoints: entries, outdir: join(folder, name) })
  }
  return join(folder, name, 'app.js')
}

const outputOf = async (app: string, group: string): Promise<string> =>
  (await run(process.execPath, [app, cluster.servers[0]!, group])).stdout

it('a bundle has the thread for its beats when that has a file beside it', async () => {
  const app = await bundled('with', { 'beats-worker': join(import.meta.dirname, 'beats-worker.ts') })
  expect(await outputOf(app, 'with')).toBe('a worker\n')
})

it('a bundle without that file goes on with timers', async () => {
  expect(await outputOf(await bundled('without', {}), 'without')).toBe('a timers\n')
})
