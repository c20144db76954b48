import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type KnownSeries, unknownGroups } from './query-labels.ts'

const page = fileURLToPath(new URL('../../docs/metrics.md', import.meta.url))
/** Labels that Prometheus gives to each series itself. */
const given = ['job', 'instance', 'le']

/** What docs/metrics.md lists, which a test of its own holds to what brokers export. */
export function knownSeries(): KnownSeries {
  const known = new Map<string, Set<string>>([['up', new Set(given)]])
  const add = (name: string, type: string, labels: readonly string[]) => {
    const names = type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
    for (const series of names) known.set(series, new Set([...labels, ...given]))
  }
  for (const [, name, type, labels] of readFileSync(page, 'utf8').matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*) \|/gm))
    add(
      name!,
      type!,
      [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!),
    )
  return known
}

/** What a query asks for that no broker has: names of metrics, and labels by which it selects or groups. */
export function unknownIn(query: string, known: KnownSeries): string[] {
  const found: string[] = []
  for (const [, name, selector] of query.matchAll(/\b((?:tailrace|process|nodejs)_\w+|up)\b(?:\{([^}]*)\})?/g)) {
    const labels = known.get(name!)
    if (labels === undefined) {
      found.push(name!)
      continue
    }
    for (const [, label] of (selector ?? '').matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
      if (!labels.has(label!)) found.push(`${name}{${label}}`)
  }
  return [...found, ...unknownGroups(query, known)]
}
