import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePorts } from '../../broker/src/platform/testing/free-ports.ts'
import type { Sbom } from '../../scripts/supply-chain/sbom.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tailrace-packages-'))
const built = join(folder, 'built')
const modules = join(folder, 'app', 'node_modules')

/** Builds, packs and unpacks as an installation would, beside links to the packages of others: no network is needed. */
beforeAll(async () => {
  await run(process.execPath, [join(root, 'scripts/build.ts'), built], { cwd: root })
  mkdirSync(join(modules, '@tailrace'), { recursive: true })
  linkPackages(join(root, 'node_modules'), modules)
  // RocksDB as an installation on this system gets it: under the name that the broker asks for.
  rmSync(join(modules, 'rocksdb-native'))
  const others = /^rocksdb-(?!HOST$)/.source.replace('HOST', `${process.platform}-${process.arch}`)
  const folders = readdirSync(built, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !new RegExp(others).test(entry.name),
  )
  await Promise.all(folders.map(({ name }) => install(join(built, name))))
}, 180_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function linkPackages(from: string, to: string): void {
  for (const name of readdirSync(from)) {
    if (name.startsWith('.') || name === '@tailrace' || name === 'tailrace') continue
    symlinkSync(join(from, name), join(to, name), 'junction')
  }
}

async function install(built: string): Promise<void> {
  const { name } = JSON.parse(readFileSync(join(built, 'package.json'), 'utf8')) as { name: string }
  const { stdout } = await run('npm', ['pack', built, '--json', '--pack-destination', folder], { cwd: folder })
  const packed = JSON.parse(stdout) as { filename: string }[] | Record<string, { filename: string }>
  const target = join(modules, name === '@tailrace/rocksdb' ? 'rocksdb-native' : name)
  mkdirSync(target, { recursive: true })
  await run('tar', ['-xzf', join(folder, Object.values(packed)[0]!.filename), '-C', target, '--strip-components=1'])
}

it('are imported by their names, as JavaScript', async () => {
  const program = join(folder, 'app', 'program.mjs')
  writeFileSync(
    program,
    `import { Producer } from '@tailrace/producer'
     import { Consumer } from '@tailrace/consumer'
     import { errorTable } from '@tailrace/schemas'
     const servers = ['ws://127.0.0.1:1']
     await new Producer({ servers }).close()
     await new Consumer({ servers }).close()
     const sdk = await import('@tailrace/sdk')
     const files = await import('@tailrace/sdk/file-checkpoints')
     const { FileCheckpoints } = await import('@tailrace/consumer/file-checkpoints')
     const same =
       sdk.Producer === Producer && sdk.Consumer === Consumer && files.FileCheckpoints === FileCheckpoints
     console.log(import.meta.resolve('@tailrace/consumer'), Object.keys(errorTable).length > 10 && same)`,
  )
  const { stdout, stderr } = await run(process.execPath, [program])
  expect(stdout).toMatch(/dist\/index\.js true\n$/)
  expect(stderr).toBe('')
})

it('have types for strict projects with the library of 2022, and for pages without the types of Node.js', async () => {
  const programs = join(folder, 'app', 'programs')
  cpSync(join(root, 'samples/programs'), programs, { recursive: true })
  writeFileSync(join(programs, 'package.json'), '{ "type": "module" }')
  const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false }
  const common = { ...strict, target: 'ES2022', noEmit: true, allowImportingTsExtensions: true }
  const page = { ...common, lib: ['ES2022', 'DOM'], module: 'ESNext', moduleResolution: 'bundler', types: [] }
  const projects = [
    { compilerOptions: { ...common, module: 'NodeNext', types: ['node'] }, include: ['*.ts'] },
    { compilerOptions: page, include: ['live-page'] },
  ]
  for (const [i, project] of projects.entries()) {
    const file = join(programs, `tsconfig.${i}.json`)
    writeFileSync(file, JSON.stringify(project))
    const compiler = run(join(root, 'node_modules/.bin/tsc'), ['-p', file])
    const { stdout } = await compiler.catch((error: unknown) => error as { stdout: string })
    expect(stdout).toBe('')
  }
}, 120_000)

it('hold no file that only tests use', () => {
  const parts = ['@tailrace/schemas', '@tailrace/client', '@tailrace/producer', '@tailrace/consumer']
  for (const name of [...parts, '@tailrace/sdk', 'tailrace', '@tailrace/testing']) {
    const files = readdirSync(join(modules, name), { recursive: true, encoding: 'utf8' })
    const least = name === '@tailrace/sdk' ? 1 : 4
    expect(files.filter((file) => /\.js$/.test(file)).length, name).toBeGreaterThanOrEqual(least)
    expect(
      files.filter((file) => /(^|[/.])(test|testing|test-data)([/.]|$)|\.map$|(?<!\.d)\.c?ts$/.test(file)),
    ).toEqual([])
  }
})

it('bring the console with the broker', () => {
  const made = readdirSync(join(root, 'broker/static/console'), { recursive: true, encoding: 'utf8' })
  expect(made).toContain('index.html')
  expect(readdirSync(join(modules, 'tailrace/static/console'), { recursive: true, encoding: 'utf8' })).toEqual(made)
})

it('bring their types', async () => {
  writeFileSync(
    join(folder, 'app', 'program.ts'),
    `import { Consumer, type ConsumerRecord } from '@tailrace/consumer'
     import { Producer } from '@tailrace/producer'
     const records: AsyncIterable<ConsumerRecord> = new Consumer({ servers: [] }).subscribe('flights', { from: 'earliest' })
     // @ts-expect-error: a value must be given
     void new Producer({ servers: [] }).send('flights', { key: 'a' })
     export { records }`,
  )
  expect(await compile('program.ts', 'nodenext')).toBe('')
})

async function compile(file: string, module: string): Promise<string> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const flags = ['--noEmit', '--strict', '--target', 'es2024', '--module', module, '--skipLibCheck', file]
  const cwd = join(folder, 'app')
  return (await run(process.execPath, [compiler, ...flags], { cwd }).catch((error: { stdout: string }) => error)).stdout
}

it('are CommonJS, too, with types for compilers to which a module that is required must be that', async () => {
  const program = `import { Consumer, Producer, TailraceError } from '@tailrace/sdk'
     const producer: Producer = new Producer({ servers: ['ws://127.0.0.1:1'] })
     export const consumer: Consumer = new Consumer({ servers: ['ws://127.0.0.1:1'] })
     void producer.close().then(() => consumer.close())
     console.log(new TailraceError('CLOSED').code)`
  writeFileSync(join(folder, 'app', 'required.cts'), program)
  expect(await compile('required.cts', 'node16')).toBe('')
  // Without the condition that newer versions of Node.js add, as version 20.0 looks for it.
  const { exports } = JSON.parse(readFileSync(join(modules, '@tailrace/sdk/package.json'), 'utf8'))
  const required = join(modules, '@tailrace/sdk', exports['.'].require.default)
  const { stdout } = await run(process.execPath, ['-p', `require(${JSON.stringify(required)}).Producer.name`])
  expect(stdout).toBe('Producer\n')
})

it('start the command line', async () => {
  const program = join(modules, 'tailrace', 'bin', 'tailrace.js')
  expect((await run(process.execPath, [program, '--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  await expect(run(process.execPath, [program, 'broker', '--id', '0'])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--id is "0"'),
  })
})

it('read files of YAML', async () => {
  const program = join(modules, 'tailrace', 'bin', 'tailrace.js')
  const settings = join(folder, 'settings.yaml')
  writeFileSync(settings, 'id: 0\n')
  await expect(run(process.execPath, [program, 'broker', '--config', settings])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/id in .* is 0/),
  })
  const home = join(folder, 'config')
  mkdirSync(join(home, 'tailrace'), { recursive: true })
  writeFileSync(join(home, 'tailrace/config.yaml'), 'profiles:\n  prod: { servers: "a:1" }\n')
  const env = { ...process.env, XDG_CONFIG_HOME: home, APPDATA: home }
  expect((await run(process.execPath, [program, 'profile', 'list'], { env })).stdout).toContain('prod')
})

it('hold the command line in files of which each can be loaded, with the licences of what they hold', async () => {
  const bundled = join(modules, 'tailrace', 'dist', 'cli')
  const files = readdirSync(bundled).filter((file) => file.endsWith('.js'))
  const others = files.filter((file) => /from ?"(fastify|ajv|pino|ws)"/.test(readFileSync(join(bundled, file), 'utf8')))
  expect(others).toEqual([])
  const program = join(folder, 'app', 'all.mjs')
  writeFileSync(program, files.map((file) => `await import(${JSON.stringify(join(bundled, file))})\n`).join(''))
  expect(await run(process.execPath, [program])).toMatchObject({ stdout: '', stderr: '' })
  expect(readFileSync(join(bundled, 'licences.txt'), 'utf8')).toMatch(/^fastify \d\S+, MIT$/m)
})

it('start brokers as processes, which find what lies outside of these files', async () => {
  const [http, peer] = await freePorts(2)
  const data = ['--data', join(folder, 'cluster'), '--http-port', String(http), '--peer-port', String(peer)]
  const program = join(modules, 'tailrace', 'bin', 'tailrace.js')
  const cluster = spawn(process.execPath, [program, 'cluster', 'start', '--brokers', '1', ...data])
  const gone = once(cluster, 'exit')
  try {
    for await (const line of createInterface({ input: cluster.stdout })) if (line === 'ready') break
    const titles = ['/openapi.json', '/console/'].map(async (path) => {
      const text = await (await fetch(`http://127.0.0.1:${http}${path}`)).text()
      return /"title":"Tailrace"|<title>Tailrace/.exec(text)?.[0]
    })
    expect(await Promise.all(titles)).toEqual(['"title":"Tailrace"', '<title>Tailrace'])
  } finally {
    cluster.kill('SIGINT')
    await gone
  }
})

it('keep the state in RocksDB, whose library is in a package of this system alone', async () => {
  const library = join(modules, '@tailrace', `rocksdb-${process.platform}-${process.arch}`)
  const { name } = JSON.parse(readFileSync(join(modules, 'rocksdb-native/package.json'), 'utf8'))
  expect(name).toBe('@tailrace/rocksdb')
  const { dependencies } = JSON.parse(readFileSync(join(modules, 'tailrace/package.json'), 'utf8'))
  expect(dependencies['rocksdb-native']).toMatch(/^npm:@tailrace\/rocksdb@\d/)
  const program = join(folder, 'app', 'stored.mjs')
  writeFileSync(
    program,
    `import { readFileSync } from 'node:fs'
     import { startCluster } from '@tailrace/testing'
     const folder = ${JSON.stringify(join(folder, 'data'))}
     try {
       const cluster = await startCluster({ brokers: 1, folder })
       await cluster.createTopic('orders', { replicas: 1 })
       await cluster.close()
       // Which libraries this process has loaded; only Linux tells.
       const maps = process.platform === 'linux' ? readFileSync('/proc/self/maps', 'latin1') : ''
       console.log(maps.includes('libatomic') ? 'stored by means of libatomic' : 'stored')
     } catch (error) {
       console.log(error.code, error.message)
     }
     process.exit()`,
  )
  expect((await run(process.execPath, [program])).stdout).toBe('stored\n')
  rmSync(library, { recursive: true })
  expect((await run(process.execPath, [program])).stdout).toMatch(
    /^RUNTIME_MISSING .*is not installed: .*--include=optional/,
  )
})

it("start brokers within another program's process", async () => {
  const program = join(folder, 'app', 'tested.mjs')
  writeFileSync(
    program,
    `import { Producer } from '@tailrace/producer'
     import { startCluster } from '@tailrace/testing'
     const cluster = await startCluster({ brokers: 3 })
     await cluster.createTopic('orders')
     const producer = new Producer({ servers: cluster.servers })
     const { holders } = await producer.send('orders', { value: 'one' })
     await cluster.broker(holders[0]).kill()
     const { offset } = await producer.send('orders', { value: 'two' })
     await producer.close()
     await cluster.close()
     console.log(offset)`,
  )
  expect(await run(process.execPath, [program])).toMatchObject({ stdout: '1\n', stderr: '' })
})

it('come with a list of what an installation brings, each with a hash and a licence', () => {
  const sbom = JSON.parse(readFileSync(join(built, 'sbom.cdx.json'), 'utf8')) as Sbom
  expect(sbom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'tailrace-workspace' } } })
  const names = sbom.components.map(({ name }) => name)
  for (const name of ['tailrace', '@tailrace/producer', 'fastify', '@node-rs/crc32-win32-x64-msvc']) {
    expect(names).toContain(name)
  }
  for (const name of ['vitest', 'typescript', '@biomejs/biome']) expect(names).not.toContain(name)
  const others = sbom.components.filter(({ name }) => !/^(@tailrace\/|tailrace$)/.test(name))
  expect(others.filter(({ hashes, licenses }) => hashes === undefined || licenses === undefined)).toEqual([])
  expect(readFileSync(join(built, 'licences.md'), 'utf8')).toMatch(/^\| fastify \| \d\S+ \| MIT \|$/m)
})
