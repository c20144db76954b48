import type { ImportGraph } from './import-graph.ts'

/** Cycles of imports between files, type imports included; each is reported once, as the chain that closes it. */
export function cycles(graph: ImportGraph): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const chain: string[] = []
  const visit = (path: string): void => {
    const at = chain.indexOf(path)
    if (at !== -1) {
      found.push([...chain.slice(at), path].join(' -> '))
      return
    }
    if (done.has(path)) return
    chain.push(path)
    for (const { target } of graph.get(path) ?? []) if (target !== null && target !== path) visit(target)
    chain.pop()
    done.add(path)
  }
  for (const path of graph.keys()) visit(path)
  return found
}
