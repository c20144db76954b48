import { afterAll, beforeAll, expect, it } from 'vitest'
import { type AnsweringServer, answeringServer } from '../../broker/src/cli/testing/answering-server.ts'
import { type Finished, tailrace, tailraceFromSources } from './command-line.ts'

/** What a command loads is most of the time until it answers; completion starts one at each Tab. */
let server: AnsweringServer
beforeAll(async () => {
  server = await answeringServer({ 'GET /topics': { body: { topics: [] } } })
})
afterAll(() => server.close())

/** Writes what its process has loaded to standard error when it ends: files by a hook, Node's modules by its list. */
const tracker = `
import { registerHooks } from 'node:module'
import { writeSync } from 'node:fs'
const files = []
registerHooks({ load: (url, context, next) => { files.push(url); return next(url, context) } })
process.on('exit', () => writeSync(2, 'LOADED ' + JSON.stringify({ files, builtin: process.moduleLoadList })))`

interface Loaded {
  /** Of this repository, from its root. */
  readonly own: string[]
  /** Names of packages from the registry. */
  readonly packages: string[]
  /** Node's own modules, such as http and internal/deps/undici/undici. */
  readonly builtin: ReadonlySet<string>
}

const tracked = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(tracker)}` }

async function loadedBy(...args: string[]): Promise<Loaded> {
  return loadedIn(await tailraceFromSources(args, tracked))
}

/** The costly ones of Node's own modules that the program loads as people run it, from a bundle if there is one. */
async function costlyOf(...args: string[]): Promise<string[]> {
  const { builtin } = loadedIn(await tailrace(args, '', tracked))
  return costly.filter((name) => builtin.has(name))
}

function loadedIn({ code, err }: Finished): Loaded {
  expect(code).toBe(0)
  const { files, builtin } = JSON.parse(err.slice(err.indexOf('LOADED ') + 7)) as Record<string, string[]>
  const root = new URL('../..', import.meta.url).href
  const paths = files!.filter((url) => url.startsWith(root)).map((url) => url.slice(root.length))
  return {
    own: paths.filter((path) => !path.startsWith('node_modules/')),
    packages: [...new Set(paths.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []))],
    builtin: new Set(builtin!.map((name) => name.replace(/^NativeModule /, ''))),
  }
}

const commandsIn = ({ own }: Loaded): string[] =>
  own
    .flatMap((path) => /cli\/commands\/(.+)\.ts$/.exec(path)?.[1] ?? [])
    .filter((name) => name !== 'connection-options')

/** Each costs tens of milliseconds. */
const costly = ['http', 'https', 'tls', 'crypto', 'worker_threads', 'internal/deps/undici/undici']

it.each<[string[], string[]]>([
  [['--version'], []],
  [['--help'], []],
  [['completion', 'bash'], ['completion']],
  [['completion', 'bash', '--', 'to'], ['completion']],
])('%j loads no command that it does not need, and nothing that asks brokers', async (args, commands) => {
  const loaded = await loadedBy(...args)
  expect(commandsIn(loaded)).toEqual(commands)
  expect(loaded.packages).toEqual(['commander'])
  expect(costly.filter((name) => loaded.builtin.has(name))).toEqual([])
  expect(await costlyOf(...args)).toEqual([])
  expect(loaded.own.length).toBeLessThanOrEqual(20)
})

it('completion within a command loads that command', async () => {
  const args = ['completion', 'bash', '--', 'topic', 'cr']
  const loaded = await loadedBy(...args)
  expect(commandsIn(loaded).sort()).toEqual(['completion', 'shared-options', 'topic'])
  expect(costly.filter((name) => loaded.builtin.has(name))).toEqual([])
  expect(await costlyOf(...args)).toEqual([])
})

it('a command that asks brokers loads neither Avro nor fetch, and TLS for https:// addresses only', async () => {
  const args = ['topic', 'list', '-s', server.address]
  const loaded = await loadedBy(...args)
  expect(commandsIn(loaded).sort()).toEqual(['shared-options', 'topic'])
  expect(loaded.packages).toEqual(['commander'])
  expect(loaded.own).not.toContain('schemas/src/index.ts')
  expect(loaded.builtin.has('http')).toBe(true)
  expect(costly.filter((name) => loaded.builtin.has(name))).toEqual(['http'])
  expect(await costlyOf(...args)).toEqual(['http'])
  expect(loaded.own.length).toBeLessThanOrEqual(52)
})
