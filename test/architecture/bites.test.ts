import { describe, expect, it } from 'vitest'
import { cycles } from './cycles.ts'
import { deadReferences, untriedGuides } from './documents.ts'
import { brokenImports, importsAgainstDirection, unusedFiles } from './import-checks.ts'
import { importGraph } from './import-graph.ts'
import { baseClasses } from './inheritance.ts'
import { listensEverywhere } from './listening.ts'
import { spreadLiterals } from './literals.ts'
import { errorsLoggedAsNothing } from './logging.ts'
import { undeclaredDependencies } from './packages.ts'
import { parseSource, parseTree } from './parsed-source.ts'
import { impurities } from './purity.ts'
import { defectsOf, raftTableFaults } from './raft-table.ts'
import { commentsTooWide, filesTooLong, foldersTooFull, functionsTooLong, medianTooLong } from './sizes.ts'
import type { Tree } from './source-tree.ts'
import { emptyNamesOf, foreignPlaces, looseEnds, stumblingWords } from './wording.ts'

// Each check must find the mistake that it exists for, and must not find the nearest code that is right.
const treeOf = (files: Record<string, string>): Tree => new Map(Object.entries(files))
const graphOf = (files: Record<string, string>) => importGraph(parseTree(treeOf(files)))
const existsIn = (files: Record<string, string>) => (path: string) =>
  Object.keys(files).some((file) => file === path || file.startsWith(`${path}/`))
const none = { files: {}, functions: {} }
const lines = (count: number) => 'x()\n'.repeat(count)

describe('imports against the direction', () => {
  it.each([
    ['broker/src/raft/a.ts', "import { b } from '../log/b.ts'", 'raft must not import log'],
    ['broker/src/log/a.ts', "import type { B } from '../raft/b.ts'", 'log must not import raft'],
    ['broker/src/platform/a.ts', "import { b } from '../raft/b.ts'", 'platform must not import raft'],
    ['broker/src/raft/a.ts', "import { b } from '../platform/node/b.ts'", 'raft must not import platform/node'],
    ['broker/src/partition/a.ts', "export { b } from '../doors/http/b.ts'", 'partition must not import doors'],
    ['broker/src/doors/http/a.ts', "export * from '../../start/broker.ts'", 'doors must not import start'],
    ['broker/src/cluster/a.ts', "const b = await import('../cli/cli.ts')", 'cluster must not import cli'],
    ['broker/src/cluster/a.ts', "type B = import('../config/b.ts').B", 'cluster must not import config'],
    ['broker/src/doors/a.ts', "import { Producer } from '@tailrace/producer'", 'doors must not import producer'],
    ['schemas/src/a.ts', "import { b } from '@tailrace/client'", 'schemas must not import client'],
    ['producer/src/a.ts', "import { b } from '@tailrace/consumer'", 'producer must not import consumer'],
    ['producer/src/a.ts', "import { b } from '../../broker/src/start/broker.ts'", 'leaves the package'],
    [
      'producer/src/a.test.ts',
      "import { b } from '../../broker/src/start/broker.ts'",
      'producer must not know the broker',
    ],
    ['broker/src/raft/a.ts', "import { b } from './b.test.ts'", 'is for tests only'],
    ['broker/src/raft/a.ts', "import { b } from '../../../test/sim/core/world.ts'", 'leaves the package'],
    ['broker/src/novelty/a.ts', '', 'is in no area'],
    ['broker/src/a.ts', '', 'is in no area'],
    ['broker/src/partition/a.ts', "import { b } from '../cluster/b.ts'", 'partition must not import cluster'],
    ['broker/src/cluster/a.ts', "import { b } from '../cascade/b.ts'", 'cluster must not import cascade'],
    ['broker/src/cascade/a.ts', "import { b } from '../doors/http/b.ts'", 'cascade must not import doors'],
    [
      'broker/src/partition/copies/a.ts',
      "import type { B } from '../replica/b.ts'",
      'broker/src/partition/copies must not import broker/src/partition/replica, which stands beside it',
    ],
    ['broker/src/partition/replica/read/a.ts', "import { b } from '../../copies/b.ts'", 'which stands beside it'],
    ['broker/src/partition/replica/state/a.ts', "import { b } from '../b.ts'", 'which stands above it'],
    ['broker/src/partition/group.ts', "import { b } from './replica/state/b.ts'", 'which stands above it'],
    ['broker/src/cluster/metadata/a.ts', "import { b } from '../node.ts'", 'which stands above it'],
    ['broker/src/doors/http/a.ts', "import { b } from '../ws/b.ts'", 'which stands above it'],
    ['novelty/src/a.ts', '', 'is in no area'],
  ])('%s: %s', (path, text, message) => {
    const found = importsAgainstDirection(graphOf({ [path]: text }))
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(message)
  })

  it.each([
    ['broker/src/raft/a.ts', "import { b } from '../platform/b.ts'"],
    ['broker/src/partition/a.ts', "import { b } from '../log/b.ts'\nimport type { C } from '../raft/c.ts'"],
    ['broker/src/start/broker.ts', "import { b } from './platform/node/b.ts'"],
    ['broker/src/raft/a.test.ts', "import { b } from '../platform/node/b.ts'"],
    ['consumer/src/a.ts', "import { b } from '@tailrace/client'\nimport ws from 'ws'\nimport fs from 'node:fs'"],
    ['test/e2e/a.test.ts', "import { b } from '../../broker/src/start/broker.ts'"],
    ['broker/src/raft/a.ts', "// import { b } from '../log/b.ts'\nconst text = \"import { b } from '../log/b.ts'\""],
  ])('%s may: %s', (path, text) => {
    expect(importsAgainstDirection(graphOf({ [path]: text }))).toEqual([])
  })
})

describe('imports that lead nowhere', () => {
  it('finds a missing file and a missing ending', () => {
    const files = { 'schemas/src/a.ts': "import './b.ts'\nimport './c'\nimport './d.ts'", 'schemas/src/d.ts': '' }
    expect(brokenImports(graphOf(files), existsIn(files))).toEqual([
      'schemas/src/a.ts:1: ./b.ts does not exist',
      'schemas/src/a.ts:2: ./c needs the ending of its file',
    ])
  })

  it('finds a file that only its own test imports', () => {
    const files = {
      'schemas/src/index.ts': "export * from './a.ts'",
      'schemas/src/a.ts': '',
      'schemas/src/b.ts': '',
      'schemas/src/b.test.ts': "import './b.ts'",
      'schemas/src/c.ts': '',
      'schemas/package.json': '{"imports":{"#c":{"browser":"./src/c.ts"}}}',
    }
    expect(unusedFiles(graphOf(files), treeOf(files))).toEqual(['schemas/src/b.ts: nothing imports it'])
  })
})

describe('cycles', () => {
  it('finds one of two files, one through types, and one across packages', () => {
    expect(cycles(graphOf({ 'a/a.ts': "import './b.ts'", 'a/b.ts': "import './a.ts'" }))).toEqual([
      'a/a.ts -> a/b.ts -> a/a.ts',
    ])
    const types = {
      'a/a.ts': "import type { B } from './b.ts'",
      'a/b.ts': "export * from './c.ts'",
      'a/c.ts': "type A = import('./a.ts').A",
    }
    expect(cycles(graphOf(types))).toEqual(['a/a.ts -> a/b.ts -> a/c.ts -> a/a.ts'])
    const packages = {
      'client/src/index.ts': "import '@tailrace/schemas'",
      'schemas/src/index.ts': "import '@tailrace/client'",
    }
    expect(cycles(graphOf(packages))).toHaveLength(1)
  })

  it('lets two ways to one file pass', () => {
    expect(
      cycles(
        graphOf({
          'a.ts': "import './b.ts'\nimport './c.ts'",
          'b.ts': "import './d.ts'",
          'c.ts': "import './d.ts'",
          'd.ts': '',
        }),
      ),
    ).toEqual([])
  })
})

describe('base classes', () => {
  const found = (text: string) =>
    baseClasses(parseTree(treeOf({ 'broker/src/log/a.ts': 'export class File {}', 'broker/src/log/b.ts': text })))

  it.each(["import { File } from './a.ts'\nclass Fast extends File {}", 'const Fast = class extends File {}'])(
    'a class of ours: %s',
    (text) => expect(found(text)).toEqual([expect.stringMatching(/^broker\/src\/log\/b\.ts:\d: extends File$/)]),
  )
  it.each(['class Socket extends WebSocket {}', 'class Fault extends Error {}', 'class Fast implements File {}'])(
    'but not %s',
    (text) => expect(found(text)).toEqual([]),
  )
})

describe('clocks, timers, randomness, files and sockets', () => {
  const found = (text: string, path = 'broker/src/raft/a.ts') => impurities([parseSource(path, text)])

  it.each([
    "import { readFile } from 'node:fs/promises'",
    "import fs from 'fs'",
    "const net = await import('node:net')",
    "import { setTimeout } from 'node:timers/promises'",
    "import { performance } from 'node:perf_hooks'",
    'Date.now()',
    "Date['now']()",
    'const now = Date.now',
    'new Date()',
    'String(Date())',
    'Math.random()',
    'const { random } = { random: Math.random }',
    'setTimeout(() => {}, 1)',
    'const later = setImmediate',
    'globalThis.setInterval(f, 1)',
    'queueMicrotask(f)',
    'performance.now()',
    'process.hrtime.bigint()',
    'process.nextTick(f)',
    'AbortSignal.timeout(5)',
    "import { randomUUID } from 'node:crypto'",
    'crypto.randomUUID()',
    'const clock = { setTimeout }',
  ])('finds %s', (text) => {
    expect(found(text)).toHaveLength(1)
    expect(found(text, 'broker/src/platform/node/a.ts')).toEqual([])
    expect(found(text, 'broker/src/raft/a.test.ts')).toEqual([])
    expect(found(text, 'console/src/a.ts')).toEqual([])
  })

  it.each([
    'new Date(5).toISOString()',
    "Date.parse('2026-01-01')",
    'function f(date: Date): Date { return date }',
    'clock.setTimeout(f)',
    'const a = { setTimeout: 1, performance() {} }',
    '// Date.now()',
    "const text = 'Math.random()'",
    'class A { performance = 1 }',
    "import type { Socket } from 'node:net'",
    "import { createHash } from 'node:crypto'",
  ])('lets %s pass', (text) => {
    expect(found(text)).toEqual([])
  })

  it('finds any node: module and any clock in schemas', () => {
    expect(found("import { Buffer } from 'node:buffer'", 'schemas/src/a.ts')).toHaveLength(1)
    expect(found("import { join } from 'path'", 'schemas/src/a.ts')).toHaveLength(1)
    // The npm package of that name, in a browser.
    expect(found("import { Buffer } from 'buffer'", 'schemas/src/a.ts')).toEqual([])
    expect(found('Date.now()', 'schemas/src/a.ts')).toHaveLength(1)
  })

  it('finds clocks and timers in the SDKs outside the surroundings of a client', () => {
    for (const text of ['Date.now()', 'setTimeout(f, 1)', 'Math.random()', 'AbortSignal.timeout(5)'])
      for (const area of ['client', 'producer', 'consumer', 'admin'])
        expect(found(text, `${area}/src/a.ts`)).toHaveLength(1)
    expect(found('queueMicrotask(f)', 'producer/src/a.ts')).toEqual([])
    expect(found('Date.now()', 'client/src/surroundings.ts')).toEqual([])
  })
})

describe('sizes', () => {
  it('finds comments wider than 120 columns, not code, and none for a tool', () => {
    const wide = 'x'.repeat(118)
    const files = {
      'broker/src/a.ts': `/** ${wide} */\n/**\n * ${wide}\n */\n  // ${wide}\nconst a = '${wide}' // ${wide}\n// biome-ignore ${wide}`,
      'broker/src/b.ts': `// ${'x'.repeat(117)}`,
    }
    expect(commentsTooWide(treeOf(files))).toEqual([
      'broker/src/a.ts:1: 125 columns, at most 120',
      'broker/src/a.ts:3: 121 columns, at most 120',
      'broker/src/a.ts:5: 123 columns, at most 120',
    ])
  })

  it('finds a file above 400 lines, and a test above 600', () => {
    const tree = treeOf({
      'a/a.ts': lines(401),
      'a/b.ts': lines(400),
      'a/c.test.ts': lines(601),
      'a/d.test.ts': lines(600),
      'a/e.json': lines(999),
      'a/generated-codecs/raft.ts': lines(401),
    })
    expect(filesTooLong(tree, none)).toEqual([
      'a/a.ts: 401 lines, at most 400: split it by duty',
      'a/c.test.ts: 601 lines, at most 600: split it by duty',
      'a/generated-codecs/raft.ts: 401 lines, at most 400: split it by duty',
    ])
  })

  it('lets an exception shrink only, and end', () => {
    const judge = (size: number) =>
      filesTooLong(treeOf({ 'a.ts': lines(size) }), { files: { 'a.ts': 450 }, functions: {} })
    expect(judge(450)).toEqual([])
    expect(judge(451)).toEqual(['a.ts: 451 lines, at most 450: split it by duty'])
    expect(judge(449)).toEqual([
      'a.ts: has shrunk to 449 lines; lower its entry of 450 in test/architecture/ratchet.json',
    ])
    expect(judge(400)).toEqual(['a.ts: needs no exception any more; remove it from test/architecture/ratchet.json'])
    expect(filesTooLong(treeOf({}), { files: { 'a.ts': 450 }, functions: {} })).toHaveLength(1)
  })

  it.each([
    ['function long() {', '}', 'long'],
    ['const long = async (a: number): Promise<void> => {', '}', 'long'],
    ['class A { async long<T>(a: T) {', '} }', 'long'],
    ['const a = { long() {', '} }', 'long'],
    ['class A { get long() {', '} }', 'long'],
    ['export default function () {', '}', '(anonymous)'],
    ['call(function () {', '})', '(anonymous)'],
  ])('finds %s of 70 lines', (head, tail, name) => {
    const source = (inner: number) => [parseSource('a.ts', `${head}\n${lines(inner)}${tail}\n`)]
    expect(functionsTooLong(source(68), none)).toEqual([
      `a.ts:${name} (line 1): 70 lines, at most 69: split it by duty`,
    ])
    expect(functionsTooLong(source(67), none)).toEqual([])
    expect(functionsTooLong([parseSource('a.test.ts', `${head}\n${lines(200)}${tail}`)], none)).toEqual([])
  })

  it('finds a median above 150 lines', () => {
    const tree = (size: number) =>
      treeOf({ 'a.ts': lines(10), 'b.ts': lines(size), 'c.ts': lines(300), 'd.test.ts': lines(1) })
    expect(medianTooLong(tree(151))).toHaveLength(1)
    expect(medianTooLong(tree(150))).toEqual([])
  })

  it('finds a folder of more than 30 source files', () => {
    const folder = (files: number) =>
      treeOf(
        Object.fromEntries([
          ...Array.from({ length: files }, (_, at) => [`a/b/part-${at}.ts`, '']),
          ...['a/b/part.test.ts', 'a/b/testing/double.ts', 'a/b/page.md', 'a/other.ts'].map((path) => [path, '']),
        ]),
      )
    expect(foldersTooFull(folder(31))).toEqual(['a/b: 31 source files, at most 30: split it by duty'])
    expect(foldersTooFull(folder(30))).toEqual([])
  })
})

describe('wording', () => {
  it('finds names that say nothing', () => {
    const paths = [
      'a/utils.ts',
      'a/string-utils.ts',
      'helpers/b.ts',
      'a/test-helpers.test.ts',
      'a/common/c.ts',
      'a/common-prefix.ts',
      'a/utility-bill.ts',
    ]
    expect(emptyNamesOf(paths)).toHaveLength(5)
  })

  it.each([
    '// TODO later',
    '/* FIXME */',
    '// @ts-ignore',
    '// @ts-nocheck',
    '// @ts-expect-error',
    "it.only('a', () => {})",
    "describe.only('a', () => {})",
    "it.only.each([1])('a', () => {})",
    "it.skip('a', () => {})",
    "describe.skip('a', () => {})",
    "it.skipIf(true)('a', () => {})",
    "// Needs a browser.\nit.skipIf(!browser)('a', () => {})",
    "it.runIf(skipped(true, 'a: b.'))('a', () => {})",
    "test.todo('a')",
    "it('a', { retry: 2 }, () => {})",
    "describe.each([1])('a', { retry: 1 }, () => {})",
  ])('finds %s', (text) => {
    expect(looseEnds([parseSource('test/a.test.ts', text)])).toHaveLength(1)
  })

  it.each([
    '// @ts-expect-error: the wrong type is the point',
    "it.skipIf(skipped(true, 'a: b.'))('a', () => {})",
    "const none = skipped(true, 'a: b.')\nit.skipIf(none).each([1])('a', () => {})",
    'send({ retry: 2 })',
    'list.skip(1)',
    "const a = 'TODO'",
    '// todos are stored here',
  ])('lets %s pass', (text) => {
    expect(looseEnds([parseSource('test/a.test.ts', text)])).toEqual([])
  })

  it.each([
    ['// It fails for good.', 1],
    ['/** Kept for\n * ever. */', 1],
    ['// The dearest part.', 1],
    ['// It lets go of its log, and they let go of theirs.', 1],
    ['// Level with the leader.', 1],
    ['\n// A record on\n/* and another on their way */', 3],
    ['// The leader hands on.', 1],
    ['// Whoever asks.', 1],
    ['// To whomever it is sent.', 1],
    ['// Who leads is asked.', 1],
    ['/** Kept. Who has it\n * keeps it. */', 1],
    ["throw new Error('Failed for good.')", 1],
    ['const text = `A record\n is handed on.`', 2],
  ])('finds words at which readers stumble: %j', (text, line) => {
    const found = stumblingWords(new Map(), [parseSource('schemas/src/a.ts', text)])
    expect(found[0]).toMatch(`schemas/src/a.ts:${line}: `)
  })

  it('finds them in pages, and not in the changelog', () => {
    const text = '# Title\n\nA line.\nIt waits for\never.\n\n| a | Who asks |\n'
    const found = stumblingWords(treeOf({ 'docs/a.md': text, 'CHANGELOG.md': text }), [])
    expect(found.map((fault) => fault.split(' ')[0])).toEqual(['docs/a.md:4:', 'docs/a.md:7:'])
  })

  it.each([
    '// Who leads? It decides who leads, and whose turn it is.',
    '// Forgood, a level within bounds, by its way of counting.',
    '// A hand on each side; one hands it on.',
    "const name = 'forever'",
  ])('lets plain words pass: %s', (text) => {
    expect(stumblingWords(treeOf({ 'docs/a.md': text.slice(3) }), [parseSource('schemas/src/a.ts', text)])).toEqual([])
  })

  it('lets the texts of tests pass, but not their comments', () => {
    const found = stumblingWords(new Map(), [parseSource('a.test.ts', "// for good\nconst a = 'for good'")])
    expect(found).toHaveLength(1)
  })

  it('finds hosts of registries and paths of one machine', () => {
    const host = ['registry', 'npmjs', 'org'].join('.')
    const found = (text: string) => foreignPlaces(treeOf({ 'a.md': text }), '/srv/clone/')
    expect(found(`\n"https://${host}/x"`)).toEqual(['a.md:2: names the host of a package registry'])
    expect(found(`see ${['', 'home', 'ann', 'x'].join('/')}`)).toEqual(['a.md:1: names a path of one machine'])
    expect(found('see /srv/clone/a.ts')).toHaveLength(1)
    expect(found('see /srv/other and www.npmjs.com and http://x/home/a')).toEqual([])
  })
})

describe('documents', () => {
  const files = {
    'docs/a.md':
      '# Title `x` & more\n[b](b.md) [gone](gone.md) [code](../broker/src/start/broker.ts) [web](https://x) [top](#title-x--more) [no](#nothing) [b2](b.md#two)\n```\n[fenced](no.md)\n```\n`[inline](no.md)`',
    'docs/b.md': '## One',
    'broker/src/start/broker.ts': '// see docs/a.md and docs/lost.md',
  }

  it('finds links and mentions that lead nowhere', () => {
    expect(deadReferences(treeOf(files), existsIn(files))).toEqual([
      'docs/a.md: link to gone.md: there is no docs/gone.md',
      'docs/a.md: link to #nothing: there is no such heading',
      'docs/a.md: link to b.md#two: there is no such heading',
      'broker/src/start/broker.ts: speaks of docs/lost.md, which does not exist',
    ])
  })

  it('finds source files that a page names and that are gone', () => {
    const named = {
      'docs/a.md': '`start/broker.ts`, `broker.ts` and `gone.ts`, and `ker.ts`\n```\n`fenced.ts`\n```',
      'broker/src/start/broker.ts': '',
    }
    expect(deadReferences(treeOf(named), existsIn(named))).toEqual([
      'docs/a.md: names gone.ts, which does not exist',
      'docs/a.md: names ker.ts, which does not exist',
    ])
  })

  it('finds commands of pages that run what is not there', () => {
    const commands = {
      'package.json': '{"scripts":{"bench:a":"node test/a.ts"}}',
      'docs/a.md':
        '`npm run bench:a -- --x`, `npm run bench:b`, `npx node test/b.ts`, `node test/a.ts`\n```\nnpm test -- test/c\n```',
      'test/a.ts': '',
    }
    expect(deadReferences(treeOf(commands), existsIn(commands))).toEqual([
      'docs/a.md: runs bench:b, which is no script',
      'docs/a.md: runs test/b.ts, which does not exist',
      'docs/a.md: runs test/c, which does not exist',
    ])
  })

  it('finds comments that cite what is not in the repository', () => {
    const cited = {
      'docs/a.md': '',
      'broker/src/a.ts':
        '/**\n * Once (design §4), RFC 6455 §5.\n */\n// a.md and docs/a.md have it, other.md too\nconst page = `b.md`',
    }
    expect(deadReferences(treeOf(cited), existsIn(cited))).toEqual([
      'broker/src/a.ts: cites a section: * Once (design §4), RFC 6455 §5.',
      'broker/src/a.ts: cites other.md, which does not exist',
    ])
  })

  it('finds guides whose code no test runs', () => {
    const guides = {
      'docs/guides/a.md': '```ts\na()\n```',
      'docs/guides/b.md': '```ts\nb()\n```',
      'docs/guides/c.md': 'Words.',
    }
    const tests = { 'test/e2e/guides.test.ts': "codeOf('a.md')", 'test/architecture/x.test.ts': "'b.md'" }
    expect(untriedGuides(treeOf({ ...guides, ...tests }))).toEqual(['docs/guides/b.md: no test runs its code'])
  })
})

it('finds a package that imports what it does not declare', () => {
  const files = {
    'schemas/package.json': '{"dependencies":{"avsc":"1"}}',
    'schemas/src/a.ts': "import 'avsc/etc/browser'\nimport ws from 'ws'\nimport '@x/y/z'\nimport 'node:fs'",
    'schemas/src/a.test.ts': "import 'vitest'",
  }
  expect(undeclaredDependencies(graphOf(files), treeOf(files))).toEqual([
    'schemas/package.json: ws is imported (schemas/src/a.ts) and is no dependency',
    'schemas/package.json: @x/y is imported (schemas/src/a.ts) and is no dependency',
  ])
})

describe('listening on every interface', () => {
  const found = (text: string, path = 'broker/src/doors/a.ts') => listensEverywhere([parseSource(path, text)])

  it.each([
    "const host = '0.0.0.0'",
    "f('0.0.0.0:8080')",
    "const a = { host: '::' }",
    "f('[::]:8080')",
    'server.listen(8080)',
    'server.listen(0, () => {})',
    'server.listen({ port })',
  ])('finds %s', (text) => {
    expect(found(text)).toHaveLength(1)
  })

  it.each([
    "server.listen(0, '127.0.0.1')",
    'server.listen({ port, host })',
    'server.listen(options)',
    'network.listen(address, handler)',
    "f('127.0.0.1:8080')",
  ])('lets %s pass', (text) => {
    expect(found(text)).toEqual([])
  })
})

describe('the table of mechanisms', () => {
  const files = {
    'broker/src/raft/vote.ts': '',
    'broker/src/raft/vote.test.ts':
      "test('M13: grants to the fresher log', () => {\n  // voteTwice\n  voteWithoutLogCheck\n})",
    'broker/src/raft/defects.ts':
      'export interface Defects {\n  readonly voteWithoutLogCheck: boolean\n  readonly voteTwice: boolean\n}\n',
    'test/scenarios/votes.txt': '# M13 M14: votes\n',
  }
  const tree = treeOf(files)
  const good =
    '`broker/src/raft/vote.ts` | `broker/src/raft/vote.test.ts › the fresher log`, `test/scenarios/votes.txt`'
  const control = '`voteWithoutLogCheck`: `broker/src/raft/vote.test.ts › M13`'
  const page = (row13: string) => {
    const rows = Array.from(
      { length: 99 },
      (_, at) => `| M${at + 1} x | \`broker/src/raft/vote.ts\` | \`broker/src/raft/vote.test.ts › M13\` | ${control} |`,
    )
    rows[12] = row13
    return rows.join('\n')
  }
  const faults = (row13: string) => raftTableFaults(page(row13), tree, defectsOf(tree))

  it.each([
    ['a control', `| M13 votes | ${good} | ${control} |`],
    ['a reason for having none', `| M13 votes | ${good} | — a figure only, nothing can be switched off |`],
  ])('may have %s', (_, row) => expect(faults(row)).toEqual([]))

  it.each([
    ['no row', '', 'M13 has 0 rows'],
    ['two rows', `| M13 a | ${good} | ${control} |\n| M13 b | ${good} | ${control} |`, 'M13 has 2 rows'],
    ['no test', '| M13 votes | `broker/src/raft/vote.ts` | | ' + control, 'no test shows it'],
    [
      'a test that is gone',
      `| M13 | \`broker/src/raft\` | \`broker/src/raft/vote.test.ts › older log\` | ${control} |`,
      'has no test "older log"',
    ],
    [
      'a file that is gone',
      `| M13 | \`broker/src/raft\` | \`broker/src/raft/b.test.ts › M13\` | ${control} |`,
      'does not exist',
    ],
    [
      'a place that is gone',
      `| M13 | \`broker/src/old\` | \`test/scenarios/votes.txt\` | ${control} |`,
      'lives in broker/src/old',
    ],
    [
      'a control that is gone',
      `| M13 votes | ${good} | \`voteThrice\`: \`broker/src/raft/vote.test.ts › M13\` |`,
      'no defect voteThrice',
    ],
    ['a control that nothing shows', `| M13 votes | ${good} | \`voteWithoutLogCheck\` |`, 'names no test in which'],
    [
      'a control that only a comment speaks of',
      `| M13 votes | ${good} | \`voteTwice\`, \`voteWithoutLogCheck\`: \`broker/src/raft/vote.test.ts › M13\` |`,
      'none of its tests switches on voteTwice',
    ],
    ['no reason', `| M13 votes | ${good} | — |`, 'no reason'],
  ])('must not have %s', (_, row, message) => expect(faults(row).join('\n')).toContain(message))
})

describe('errors that a logger would write as {}', () => {
  const found = (call: string) => errorsLoggedAsNothing([parseSource('broker/src/a.ts', call)]).length
  it('are found', () => {
    expect(found("logger.warn({ error }, 'a')")).toBe(1)
    expect(found("this.#deps.logger.error({ group, error }, 'a')")).toBe(1)
    expect(found("log.info({ reason: error }, 'a')")).toBe(1)
  })

  it('are not found where there are none', () => {
    expect(found("logger.warn({ err: error }, 'a')")).toBe(0)
    expect(found("logger.warn({ code: error.code }, 'a')")).toBe(0)
    expect(found('console.error({ error })')).toBe(0)
  })
})

describe('literals that are spread to save lines', () => {
  const found = (code: string) => spreadLiterals([parseSource('broker/src/raft/a.ts', code)]).length
  it('are found', () => {
    expect(found('a = { ...{ b, c }, d }')).toBe(1)
    expect(found('a = [...[1, 2] as const, 3, ...([4] satisfies B)]')).toBe(2)
    expect(found('a(...[1, 2])')).toBe(1)
    expect(found('new A({ ...({ b } as B) })')).toBe(1)
    expect(found('a = { ...{ ...{ b } } }')).toBe(2)
  })

  it('are not found where another value is spread, or the literal becomes another kind of value', () => {
    expect(found('a = { ...b, ...(c ? { d } : {}), ...e() }')).toBe(0)
    expect(found('a = [...[1, 2].map(b), ...c]')).toBe(0)
    expect(found("a = { ...['b', 'c'] }")).toBe(0)
  })
})
