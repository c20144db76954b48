import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

/** Bytes of the start of a page as one file, gzipped: without what a bundler needs to share code among files. */
async function startOf(names: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { ${names} } from '@tailrace/sdk'; console.log(${names})`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
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
  return gzipSync(outputFiles[0]!.text, { level: 9 }).length
}

/** Bytes of a page's scripts, gzipped: what it loads at its start, and all that it may load later. */
async function sizeOf(names: string): Promise<{ first: number; all: number; text: string }> {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `import { ${names} } from '@tailrace/sdk'; console.log(${names})`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    outdir: 'page',
    write: false,
    metafile: true,
  })
  const { outputs } = metafile
  const needed = new Set<string>()
  const need = (path: string): void => {
    if (needed.has(path)) return
    needed.add(path)
    for (const one of outputs[path]!.imports) if (one.kind === 'import-statement') need(one.path)
  }
  for (const [path, { entryPoint }] of Object.entries(outputs)) if (entryPoint === '<stdin>') need(path)
  const texts = outputFiles.map(({ path, text }): [boolean, string] => [
    [...needed].some((name) => path.endsWith(name)),
    text,
  ])
  const zipped = (parts: string[]): number => gzipSync(parts.join('\n'), { level: 9 }).length
  const first = texts.filter(([isNeeded]) => isNeeded).map(([, text]) => text)
  return { first: zipped(first), all: zipped(texts.map(([, text]) => text)), text: first.join('\n') }
}

describe('a page', () => {
  it('loads little at its start to publish and to read', async () => {
    const { first, all, text } = await sizeOf('Producer, Consumer, TailraceError')
    expect(first).toBeLessThan(37.5 * 1024)
    expect(all).toBeLessThan(77 * 1024)
    expect(await startOf('Producer, Consumer, TailraceError')).toBeLessThan(36 * 1024)
    // What most pages do without: compressions, members of groups, schemas of brokers of other versions, hints.
    for (const word of [
      'invalid distance',
      'handlerTimeoutMs: ',
      '"layout":1',
      'metadata.SetPriority',
      'CASCADE_CYCLE.',
      'check that a broker is up if it persists',
    ])
      expect(text).not.toContain(word)
  })

  it('loads less to publish alone', async () => {
    expect((await sizeOf('Producer')).first).toBeLessThan(27 * 1024)
  })
})
