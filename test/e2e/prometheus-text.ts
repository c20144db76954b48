/** A family of samples, as `# TYPE` announces it. */
export interface MetricFamily {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: { readonly name: string; readonly labels: string; readonly value: number }[]
}

const metricName = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const label = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`
const sample = new RegExp(String.raw`^(${metricName})(?:\{(${label}(?:,${label})*),?\})? (\S+)(?: -?\d+)?$`)
const number = /^(?:[+-]?Inf|NaN|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)$/

/**
 * Reads Prometheus' text format 0.0.4 as strictly as Prometheus does; throws on a line that is none, a sample without
 * family, a family twice, a sample twice.
 */
export function parsePrometheusText(text: string): Map<string, MetricFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const families = new Map<string, MetricFamily>()
  const helps = new Map<string, string>()
  const seen = new Set<string>()
  let current: MetricFamily | undefined
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, comment, name, rest] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? []
    if (comment === 'HELP') helps.set(name!, rest!)
    else if (comment === 'TYPE') {
      if (families.has(name!)) throw new Error(`${name} comes twice`)
      current = { name: name!, type: rest!, help: helps.get(name!) ?? '', samples: [] }
      families.set(name!, current)
    } else if (!line.startsWith('#')) addSample(line, current, seen)
  }
  return families
}

function addSample(line: string, family: MetricFamily | undefined, seen: Set<string>): void {
  const [, name, labels = '', value] = sample.exec(line) ?? []
  if (name === undefined || !number.test(value!)) throw new Error(`not a sample: ${line}`)
  const suffix = family !== undefined && name.startsWith(family.name) ? name.slice(family.name.length) : undefined
  const allowed = family?.type === 'histogram' || family?.type === 'summary' ? ['', '_bucket', '_sum', '_count'] : ['']
  if (suffix === undefined || !allowed.includes(suffix)) throw new Error(`no family announces: ${line}`)
  const identity = `${name}{${labels}}`
  if (seen.has(identity)) throw new Error(`${identity} comes twice`)
  seen.add(identity)
  family!.samples.push({ name, labels, value: Number(value!.replace('Inf', 'Infinity')) })
}
