export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What a broker's page of metrics says, of Tailrace's own ones that are no histograms. */
export class MetricSamples {
  readonly #samples = new Map<string, Sample[]>()

  constructor(page: string) {
    for (const line of page.split('\n')) {
      const [, name, labels = '', value] = /^(tailrace_\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
      if (name === undefined || /_(bucket|sum|count)$/.test(name)) continue
      const sample = { labels: labelsIn(labels), value: numberOf(value!) }
      const known = this.#samples.get(name)
      if (known === undefined) this.#samples.set(name, [sample])
      else known.push(sample)
    }
  }

  /** Undefined: the broker does not give the metric. */
  value(name: string): number | undefined {
    return this.#samples.get(name)?.[0]?.value
  }

  /** Over all labels; 0 where the broker does not give the metric. */
  sum(name: string): number {
    return this.all(name).reduce((sum, { value }) => sum + value, 0)
  }

  all(name: string): readonly Sample[] {
    return this.#samples.get(name) ?? []
  }
}

function labelsIn(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const [, name, value] of text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
    labels[name!] = value!.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
  }
  return labels
}

function numberOf(text: string): number {
  return text === '+Inf' ? Number.POSITIVE_INFINITY : text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text)
}
