import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePorts } from '../../broker/src/platform/testing/free-ports.ts'
import { neededLibraries } from '../../scripts/needed-libraries.ts'
import { ClusterProcesses } from '../e2e/cluster-processes.ts'
import { allInSync, topicBecomes } from '../e2e/topic-view.ts'
import { chromiumForTests } from '../runner/chromium.ts'
import { skipped } from '../runner/skipped.ts'
import { moduleProgram, nextRoute, page, publishingPage, readingPage, requiringProgram } from './foreign-programs.ts'
import { ForeignProject } from './foreign-project.ts'
import { pageStart } from './page-start.ts'

const tools = process.env.PACKAGE_TOOLS ?? ''
const tool = (name: string): string => join(tools, 'node_modules', name)
const bin = (name: string): string => tool(`.bin/${name}`)
const executablePath = chromiumForTests()
const topic = 'foreign'
const nextJs = { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' }
const policy = "default-src 'none'; script-src 'self'; connect-src ws:"
const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' }

const lacksTools = skipped(tools === '', 'the packages in foreign projects: PACKAGE_TOOLS is not set.')
describe.skipIf(lacksTools)('the packages in projects of others', { timeout: 180_000 }, () => {
  let project: ForeignProject
  let cluster: ClusterProcesses
  let pages: Server
  let origin: string

  beforeAll(async () => {
    project = await ForeignProject.make(nextJs)
    const { folder } = project
    pages = createServer((request, response) => {
      const file = join(folder, 'pages', new URL(request.url!, 'http://page').pathname)
      response.setHeader('content-security-policy', policy)
      if (!existsSync(file)) response.writeHead(404).end()
      else response.setHeader('content-type', types[extname(file)] ?? 'text/plain').end(readFileSync(file))
    })
    await new Promise<void>((listening) => pages.listen(0, '127.0.0.1', listening))
    origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`
    cluster = await ClusterProcesses.start({
      executableOf: () => join(folder, 'node_modules/tailrace/bin/tailrace.js'),
      flags: ['--read-origins', origin, '--write-origins', origin],
    })
    await cluster.request(1, 'POST', '/topics', { name: topic, partitions: 1, replicas: 3 })
    await topicBecomes(cluster, 1, topic, allInSync)
    project.write('program.mjs', moduleProgram)
    project.write('program.cjs', requiringProgram)
  }, 300_000)

  afterAll(async () => {
    pages?.close()
    await cluster?.destroy()
    project?.destroy()
  })

  const runtimes: [string, string, string[]][] = [
    ['Node.js 20', tool('node20/bin/node'), []],
    ['Node.js 22', tool('node22/bin/node'), []],
    ['Node.js 24', process.execPath, []],
    ['Node.js 26', tool('node26/bin/node'), []],
    ['Bun', bin('bun'), []],
    ['Deno', bin('deno'), ['run', '-A']],
  ]

  describe.each(runtimes)('%s', (name, command, flags) => {
    it.each(['program.mjs', 'program.cjs'])('publishes and reads: %s', async (program) => {
      const own = `${name} ${program}`
      expect(await project.run(command, [...flags, program, cluster.servers[0]!, topic, own])).toBe(`read ${own}\n`)
    })
  })

  it.each(['cjs', 'mjs'])('make one file for Node.js, which runs where there is no node_modules: %s', async (kind) => {
    const alone = join(project.folder, '..', `alone.${kind}`)
    // What an ES module needs is in the README.
    const [, banner] = /`--banner:js="([^"`]+)"`/.exec(readFileSync('sdk/README.md', 'utf8'))!
    const form = kind === 'cjs' ? ['--format=cjs'] : ['--format=esm', `--banner:js=${banner}`]
    const from = [`program.${kind}`, '--bundle', '--platform=node', `--outfile=${alone}`]
    await project.run(bin('esbuild'), [...from, ...form])
    for (const node of [tool('node20/bin/node'), process.execPath])
      expect(await project.run(node, [alone, cluster.servers[0]!, topic, node])).toBe(`read ${node}\n`)
  })

  it('answer in a route of Next.js, where a member of a group has the thread for its beats', async () => {
    project.write('next/app/records/route.js', nextRoute)
    const next = join(project.folder, 'node_modules/.bin/next')
    const environment = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' } as const
    await project.run(next, ['build', 'next'], environment)
    const [port] = await freePorts(1)
    const server = spawn(next, ['start', 'next', '-H', '127.0.0.1', '-p', String(port)], {
      cwd: project.folder,
      env: environment,
    })
    try {
      const query = new URLSearchParams({ server: cluster.servers[0]!, topic, own: 'next' })
      const ask = async () => (await fetch(`http://127.0.0.1:${port}/records?${query}`)).text()
      await expect.poll(ask, { timeout: 30_000 }).toBe('read next, beats of a worker')
    } finally {
      const gone = once(server, 'exit')
      server.kill()
      await gone
    }
  })

  describe('a page', () => {
    const esbuildFlags = ['page.js', '--bundle', '--minify', '--format=esm']
    type Bundle = (out: string) => Promise<string>
    const splitting: [string, number, Bundle][] = [
      ['vite', 35_000, (out) => project.run(bin('vite'), ['build', '--base', './', '--outDir', out])],
      ['webpack', 38_500, (out) => project.run(bin('webpack'), ['./page.js', '--mode', 'production', '-o', out])],
      ['esbuild', 40_000, (out) => project.run(bin('esbuild'), [...esbuildFlags, '--splitting', `--outdir=${out}`])],
    ]
    const oneFile: Bundle = (out) => project.run(bin('esbuild'), [...esbuildFlags, `--outfile=${out}/page.js`])

    /** Returns the folder of what is made of the page. */
    async function bundled(name: string, program: string, bundle: Bundle): Promise<string> {
      const out = join(project.folder, 'pages', name)
      mkdirSync(out, { recursive: true })
      const html = `<!doctype html><script type="module" src="./${/^webpack/.test(name) ? 'main.js' : 'page.js'}"></script>`
      project.write('page.js', program)
      project.write('index.html', html)
      await bundle(out)
      if (!/^vite/.test(name)) writeFileSync(join(out, 'index.html'), html)
      return out
    }

    /** Of what a page loads before it is used, gzipped. */
    async function startBytes(what: string, out: string): Promise<number> {
      const { scripts, gzipped } = await pageStart(out)
      console.log(`${what}: ${(gzipped / 1000).toFixed(1)} kB gzipped at the start, in ${scripts.length} scripts`)
      return gzipped
    }

    describe.each(splitting)('of %s', (name, most, bundle) => {
      it('loads little at its start to publish and to read', async () => {
        const out = await bundled(name, page, bundle)
        expect(await startBytes(`a page of ${name} that publishes and reads`, out)).toBeLessThan(most)
      })

      it.each([
        ['reads', readingPage],
        ['publishes', publishingPage],
      ])('loads less than 35 kB when it only %s', async (does, program) => {
        const out = await bundled(`${name}-${does}`, program, bundle)
        expect(await startBytes(`a page of ${name} that only ${does}`, out)).toBeLessThan(35_000)
      })
    })

    const lacksBrowser = skipped(executablePath === null, 'pages of bundlers: this machine has no Chromium.')
    it.skipIf(lacksBrowser).each([...splitting, ['esbuild-one-file', 0, oneFile] as const])(
      'of %s publishes and reads under a strict Content-Security-Policy',
      async (name, _, bundle) => {
        await bundled(name, page, bundle)
        const browser = await chromium.launch({ executablePath: executablePath!, args: ['--headless', '--no-sandbox'] })
        try {
          const opened = await browser.newPage()
          const problems: string[] = []
          opened.on('pageerror', (error) => problems.push(String(error)))
          const query = new URLSearchParams({ server: cluster.servers[0]!, topic, own: name })
          await opened.goto(`${origin}/${name}/index.html?${query}`)
          await expect.poll(() => opened.title()).toBe(`read ${name}`)
          expect(problems).toEqual([])
        } finally {
          await browser.close()
        }
      },
    )
  })

  it.each([
    ['tailrace', 60],
    ['@tailrace/sdk', 6],
  ])('are small where %s is installed for one system: less than %d MB', async (name, most) => {
    const files = await project.installedFiles(name)
    const megabytes = files.reduce((sum, file) => sum + lstatSync(file).size, 0) / 1e6
    console.log(`an installation of ${name}: ${megabytes.toFixed(1)} MB`)
    expect(megabytes).toBeLessThan(most)
    // Where Node.js runs, each native library can be loaded.
    const native = files.filter((file) => file.endsWith('.node'))
    expect(native.length).toBeGreaterThan(0)
    if (process.platform !== 'linux') return
    const ofGlibc = ['librt.so.1']
    const there = [...neededLibraries(readFileSync(process.execPath)), ...ofGlibc]
    for (const file of native)
      expect([file, neededLibraries(readFileSync(file)).filter((needed) => !there.includes(needed))]).toEqual([
        file,
        [],
      ])
  })

  it('have entries and types that attw and publint find nothing wrong with', async () => {
    for (const [name, tarball] of project.tarballs) {
      if (name.startsWith('rocksdb')) continue
      // A broker's process, and a test that has one within it, loads ES modules by `require` as well.
      const profile = name === 'broker' || name === 'testing' ? 'esm-only' : 'node16'
      expect(await project.run(bin('attw'), [tarball, '--profile', profile, '--no-color'])).toContain('🟢')
      expect(await project.run(bin('publint'), ['run', tarball, '--strict'])).toMatch(/All good/)
    }
  })
})
