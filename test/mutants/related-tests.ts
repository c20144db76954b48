import { posix } from 'node:path'
import type { ImportGraph } from '../architecture/import-graph.ts'

/** Too slow for every mutant: real processes, thousands of seeds. */
const slow = /^test\/(e2e|bench|sim|scenarios|mutants|fuzz)\//

/**
 * The unit tests that can notice a change of `file`: its own, then those with the fewest imports between them and it,
 * among them its own folder's before others.
 */
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
    const isNear = (path: string) => posix.dirname(path) === posix.dirname(file)
    tests.push(...found.filter(isNear), ...found.filter((path) => !isNear(path)))
  }
  // However far it reaches the file: a test of the core goes through the core's door.
  const own = file.replace(/\.ts$/, '.test.ts')
  return tests.includes(own) ? [own, ...tests.filter((path) => path !== own)] : tests
}
