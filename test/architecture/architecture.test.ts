import { readFileSync } from 'node:fs'
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
import { parseTree } from './parsed-source.ts'
import { impurities } from './purity.ts'
import { defectsOf, raftTableFaults } from './raft-table.ts'
import type { Ratchet } from './sizes.ts'
import { commentsTooWide, filesTooLong, foldersTooFull, functionsTooLong, medianTooLong } from './sizes.ts'
import { exists, isCode, readTree, root } from './source-tree.ts'
import { emptyNamesOf, foreignPlaces, looseEnds, stumblingWords } from './wording.ts'

// The failure of a check lists its findings. bites.test.ts proves that each check finds its mistake.
const tree = readTree()
const sources = parseTree(tree)
const graph = importGraph(sources)
const ratchet = JSON.parse(readFileSync(new URL('./ratchet.json', import.meta.url), 'utf8')) as Ratchet

it('sees the repository', () => {
  expect(sources.length).toBeGreaterThan(50)
  expect(graph.get('broker/src/cli/cli.ts')?.length).toBeGreaterThan(3)
})

describe('the architecture', () => {
  it('imports point one way', () => expect(importsAgainstDirection(graph)).toEqual([]))
  it('imports lead somewhere', () => expect(brokenImports(graph, exists)).toEqual([]))
  it('no cycles', () => expect(cycles(graph)).toEqual([]))
  it('no file that nothing imports', () => expect(unusedFiles(graph, tree)).toEqual([]))
  it('clocks, timers, randomness, files and sockets only in platform/node', () =>
    expect(impurities(sources)).toEqual([]))
  it('files stay small', () => expect(filesTooLong(tree, ratchet)).toEqual([]))
  it('functions stay small', () => expect(functionsTooLong(sources, ratchet)).toEqual([]))
  it('folders stay small', () => expect(foldersTooFull(tree)).toEqual([]))
  it('the median file stays small', () => expect(medianTooLong(tree)).toEqual([]))
  it('comments are wrapped', () => expect(commentsTooWide(tree)).toEqual([]))
  it('names say what a file is for', () => expect(emptyNamesOf([...tree.keys()].filter(isCode))).toEqual([]))
  it('errors are logged with message and stack', () => expect(errorsLoggedAsNothing(sources)).toEqual([]))
  it('no class of ours is a base class', () => expect(baseClasses(sources)).toEqual([]))
  it('literals are written out', () => expect(spreadLiterals(sources)).toEqual([]))
  it('words are plain', () => expect(stumblingWords(tree, sources)).toEqual([]))
  it('no loose ends', () => expect(looseEnds(sources)).toEqual([]))
  it('nothing listens on every interface by default', () => expect(listensEverywhere(sources)).toEqual([]))
  it('packages name what they import', () => expect(undeclaredDependencies(graph, tree)).toEqual([]))
  it('links and mentions of pages lead somewhere', () => expect(deadReferences(tree, exists)).toEqual([]))
  it('the code of guides is run', () => expect(untriedGuides(tree)).toEqual([]))
  it('docs/raft.md has a row, a test and a control for every mechanism', () =>
    expect(raftTableFaults(tree.get('docs/raft.md') ?? '', tree, defectsOf(tree))).toEqual([]))
  it('no registry hosts, no paths of one machine', () => expect(foreignPlaces(tree, root)).toEqual([]))
})
