import { execFileSync } from 'node:child_process'
import { appendFileSync, cpSync, globSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { bundleSources } from './sources-bundle.ts'

const launcher = fileURLToPath(new URL('../broker/bin/tailrace.js', import.meta.url))
let root: string

/** A checkout with a program of two files, which says where it runs from. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tailrace-bundle-'))
  for (const folder of ['broker/bin', 'broker/src/cli', 'node_modules'])
    mkdirSync(join(root, folder), { recursive: true })
  cpSync(launcher, join(root, 'broker/bin/tailrace.js'))
  write('broker/package.json', '{"type":"module"}')
  write('node_modules/.package-lock.json', '{}')
  write('broker/src/cli/word.ts', "export const word: string = 'one'\n")
  write(
    'broker/src/cli/cli.ts',
    "import { word } from './word.ts'\nexport const main = () => console.log(word, import.meta.url)\n",
  )
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(path: string, text: string): void {
  writeFileSync(join(root, path), text)
  // Long before it is bundled, as with files that somebody has saved.
  utimesSync(join(root, path), 1000, 1000)
}

function run(): string {
  return execFileSync(process.execPath, [join(root, 'broker/bin/tailrace.js')], { encoding: 'utf8' })
}

const bundles = (): string[] => globSync('*', { cwd: join(root, 'broker/dist') }).sort()

it('runs as long as its sources are as they were', async () => {
  expect(run()).toMatch(/^one .*\/src\/cli\/cli\.ts/)
  await bundleSources(root)
  expect(run()).toMatch(/^one .*\/dist\/sources-[0-9a-f]{16}\/cli\.js/)
  appendFileSync(join(root, 'broker/src/cli/word.ts'), '// Nothing.\n')
  expect(run()).toMatch(/\/src\/cli\/cli\.ts/)
})

it.each(['broker/src/cli/word.ts', 'broker/package.json', 'node_modules/.package-lock.json'])(
  'not when %s has changed',
  async (path) => {
    await bundleSources(root)
    expect(run()).toContain('/dist/')
    utimesSync(join(root, path), 2000, 2000)
    expect(run()).toContain('/src/')
  },
)

it('not when a source is gone, or when its list cannot be read', async () => {
  await bundleSources(root)
  writeFileSync(join(root, 'broker/dist/sources.json'), '{"program":"dist/sou')
  expect(run()).toContain('/src/')
  await expect(bundleSources(root)).resolves.toBeUndefined()
  expect(run()).toContain('/dist/')
  rmSync(join(root, 'broker/src/cli/word.ts'))
  expect(run).toThrow('word.ts')
})

it('is not made where npm has not installed the packages', async () => {
  rmSync(join(root, 'node_modules/.package-lock.json'))
  await bundleSources(root)
  expect(bundles()).toEqual([])
  expect(run()).toContain('/src/')
})

it('stays while there is one newer bundle, for processes that still load from it', async () => {
  const had: string[][] = []
  for (const word of ['one', 'two', 'three', 'three']) {
    write('broker/src/cli/word.ts', `export const word: string = '${word}'\n`)
    await bundleSources(root)
    expect(run()).toContain(word)
    had.push(bundles())
  }
  expect(had.map(({ length }) => length)).toEqual([2, 3, 3, 2])
  expect(had[2]).not.toContain(had[0]![0])
})
