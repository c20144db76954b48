import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

/** Of a page: the bytes that it loads at its start, with its scripts, and all that it may load later. */
interface Size {
  readonly first: number
  readonly scripts: readonly string[]
  readonly all: number
}

const bundling = { bundle: true, minify: true, format: 'esm', platform: 'browser', write: false } as const
const pageWith = (names: string) => ({
  contents: `import { ${names} } from '@tailrace/sdk'; console.log(${names})`,
  resolveDir: import.meta.dirname,
})

/** Bytes as a browser gets them: each script gzipped by itself. */
function gzipped(scripts: readonly string[]): number {
  return scripts.reduce((sum, script) => sum + gzipSync(script).length, 0)
}

/** The start of a page is one script: without what a bundler needs to share code among scripts. */
async function startOf(names: string): Promise<number> {
  const { outputFiles } = await build({
    ...bundling,
    stdin: pageWith(names),
    plugins: [
      {
        name: 'later',
        setup: ({ onResolve }) =>
          onResolve({ filter: /.*/ }, ({ kind, path }) =>
            kind === 'dynamic-import' ? { path, external: true } : undefined,
          ),
      },
    ],
  })
  return gzipped([outputFiles[0]!.text])
}

async function sizeOf(names: string): Promise<Size> {
  const splitting = { splitting: true, outdir: 'page', metafile: true } as const
  const { outputFiles, metafile } = await build({ ...bundling, ...splitting, stdin: pageWith(names) })
  const { outputs } = metafile
  const needed = new Set<string>()
  const need = (path: string): void => {
    if (needed.has(path)) return
    needed.add(path)
    for (const one of outputs[path]!.imports) if (one.kind === 'import-statement') need(one.path)
  }
  for (const [path, { entryPoint }] of Object.entries(outputs)) if (entryPoint === '<stdin>') need(path)
  const isNeeded = (path: string): boolean => [...needed].some((name) => path.endsWith(name))
  const scripts = outputFiles.filter(({ path }) => isNeeded(path)).map(({ text }) => text)
  return { first: gzipped(scripts), scripts, all: gzipped(outputFiles.map(({ text }) => text)) }
}

const told = (what: string, bytes: number): void => console.log(`${what}: ${(bytes / 1000).toFixed(1)} kB gzipped`)

describe('a page', () => {
  it('loads little at its start to publish and to read', async () => {
    const { first, scripts, all } = await sizeOf('Producer, Consumer, TailraceError')
    const alone = await startOf('Producer, Consumer, TailraceError')
    told(`start of a page of esbuild that publishes and reads, in ${scripts.length} scripts`, first)
    told('the same start in one script', alone)
    told('the start and all that it may load later', all)
    expect(first).toBeLessThan(40_000)
    expect(alone).toBeLessThan(34_500)
    expect(all).toBeLessThan(86_500)
    // What most pages do without: compressions, members of groups, schemas of brokers of other versions, hints, seek.
    for (const word of [
      'invalid distance',
      'handlerTimeoutMs: ',
      '"layout":1',
      'metadata.SetPriority',
      'CASCADE_CYCLE.',
      'check that a broker is up if it persists',
      'give either an offset or a time',
      'is not a whole number from 1 on',
      'A condition needs a record',
      'messaging.system',
      'give { username, password }',
    ])
      expect(scripts.join('\n')).not.toContain(word)
  })

  it('loads less to publish alone', async () => {
    const { first } = await sizeOf('Producer')
    told('start of a page of esbuild that publishes', first)
    expect(first).toBeLessThan(29_000)
  })
})
