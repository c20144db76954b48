import { posix } from 'node:path'
import type { ImportGraph } from '../house/import-graph.ts'

/** Too slow for every mutant: real processes, thousands of seeds. */
const slow = /^test\/(e2e|chaos|bench|sim|scenarios|mutants|fuzz)\//

/** The unit tests that can notice a change of `file`, those with the fewest imports between them and it first, its own folder's before others. */
export function relatedTests(graph: ImportGraph, file: string): string[] {
  const importers = new Map<string, string[]>()
  for (const [path, imports] of graph) {
    for (const { target } of imports) {
      if (target === null) continue
      const known = importers.get(target)
      if (known === undefined) importers.set(target, [path])
      else known.push(path)
    }
  }
  const seen = new Set([file])
  const tests: string[] = []
  for (let ring = [file]; ring.length > 0; ) {
    ring = ring.flatMap((path) => importers.get(path) ?? []).filter((path) => !seen.has(path) && seen.add(path))
    ring = [...new Set(ring)]
    const found = ring.filter((path) => path.endsWith('.test.ts') && !slow.test(path)).sort()
    tests.push(...[0, 1, 2].flatMap((rank) => found.filter((path) => rankOf(path, file) === rank)))
  }
  return tests
}

/** A file's own test comes first, then those of its folder. */
function rankOf(test: string, file: string): number {
  if (test === file.replace(/\.ts$/, '.test.ts')) return 0
  return posix.dirname(test) === posix.dirname(file) ? 1 : 2
}
