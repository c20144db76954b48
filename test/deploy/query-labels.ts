/** Names of series as queries use them, each with the labels that it may have. */
export type KnownSeries = ReadonlyMap<string, ReadonlySet<string>>

/** Functions and aggregations whose result has the labels of their last argument. */
const transparent =
  /^(?:rate|irate|increase|delta|deriv|max_over_time|min_over_time|avg_over_time|(?:topk|bottomk)\(\s*\d+\s*,|histogram_quantile\(\s*[\d.]+\s*,|\()\(?/
const grouped = /^(?:sum|min|max|avg|count)\s*(?:by\s*\(([^)]*)\)\s*)?\(/

/** Labels by which a query groups that a series inside that aggregation does not have. */
export function unknownGroups(query: string, known: KnownSeries): string[] {
  const found: string[] = []
  for (const { 1: labels, index, 0: clause } of query.matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g)) {
    const operand = behind(query, index + clause.length) ?? query
    for (const label of namesIn(labels!))
      for (const [series] of operand.matchAll(/\b(?:(?:tailrace|process|nodejs)_\w+|up\b)/g))
        if (known.get(series)?.has(label) === false) found.push(`by (${label}) of ${series}`)
  }
  return found
}

/** Labels named in a text, as `{{label}}` of a legend or `{{ $labels.label }}` of an alert, that the result lacks. */
export function unknownInText(text: string, query: string, known: KnownSeries): string[] {
  const named = [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, label]) => label!)
  if (named.length === 0) return []
  const labels = labelsOf(query, known)
  return named.filter((label) => !labels.has(label)).map((label) => `{{${label}}} of ${query}`)
}

/**
 * The labels of the result of a query; of an operator, those of its left side.
 * @throws where the query begins with what is not understood here
 */
function labelsOf(query: string, known: KnownSeries): ReadonlySet<string> {
  const begin = query.trimStart()
  const group = grouped.exec(begin)
  if (group !== null) return new Set(namesIn(group[1] ?? ''))
  const series = /^\w+/.exec(begin)?.[0] ?? ''
  const labels = known.get(series)
  if (labels !== undefined) return labels
  const outer = transparent.exec(begin)?.[0]
  if (outer === undefined) throw new Error(`It is not known which labels this has: ${query}`)
  const inner = new Set(labelsOf(begin.slice(outer.length), known))
  if (outer.startsWith('histogram_quantile')) inner.delete('le')
  return inner
}

function namesIn(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

/** What stands in the parentheses that open at this place, or null. */
function behind(query: string, at: number): string | null {
  const open = at + /^\s*/.exec(query.slice(at))![0].length
  if (query[open] !== '(') return null
  let depth = 0
  for (let end = open; end < query.length; end++) {
    if (query[end] === '(') depth++
    if (query[end] === ')' && --depth === 0) return query.slice(open, end)
  }
  return null
}
