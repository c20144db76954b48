import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { digests, SoundRuns } from './sound-runs.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailrace-mutants-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const run = (cpuMs: number) => ({ failed: false, ms: 1, cpuMs, executed: {} })

it('runs on sound code are known again until a file changes that the test imports', () => {
  const path = join(folder, 'deep', 'runs.jsonl')
  const versions: Record<string, string> = { a: '1', b: '1', ill: '1' }
  const open = () => new SoundRuns(path, (test) => versions[test]!)
  const first = open()
  first.set('a', run(1))
  first.set('b', run(2))
  first.set('ill', null)
  expect(first.failing).toEqual(['ill'])
  versions.b = '2'
  appendFileSync(path, '{"test":"a","half')
  const second = open()
  expect(['a', 'b', 'ill'].map((test) => second.get(test))).toEqual([run(1), undefined, undefined])
  second.set('b', run(3))
  expect(['a', 'b'].map((test) => open().get(test))).toEqual([run(1), run(3)])
})

it('a digest changes with the file and with all that it imports, in circles as well', () => {
  const to = (...targets: string[]) => targets.map((target) => ({ specifier: target, line: 1, target }))
  const graph = new Map([
    ['a.test.ts', to('a.ts')],
    ['a.ts', to('b.ts')],
    ['b.ts', to('a.ts')],
    ['c.ts', []],
  ])
  const texts = new Map([...graph.keys()].map((path) => [path, path]))
  const digest = (changed?: string) => {
    return digests(changed === undefined ? texts : new Map([...texts, [changed, 'other']]), graph)('a.test.ts')
  }
  for (const path of ['a.test.ts', 'a.ts', 'b.ts']) expect(digest(path)).not.toBe(digest())
  expect(digest('c.ts')).toBe(digest())
})
