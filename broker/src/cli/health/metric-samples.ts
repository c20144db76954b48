export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

interface Bucket {
  /** Observations up to this are counted. */
  readonly bound: number
  readonly count: number
}

/** What a broker's page says, of Tailrace's own metrics and of its process's; of histograms those without labels. */
export class MetricSamples {
  readonly #samples = new Map<string, Sample[]>()
  readonly #buckets = new Map<string, Bucket[]>()

  constructor(page: string) {
    for (const line of page.split('\n')) {
      const [, name, labels = '', value] = /^((?:tailrace|process)_\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
      if (name === undefined) continue
      if (name.endsWith('_bucket')) this.#addBucket(name.slice(0, -'_bucket'.length), labelsIn(labels), value!)
      if (/_(bucket|sum|count)$/.test(name)) continue
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

  /**
   * The greatest bound of a histogram that more than `share` (0 to 1) of all observations exceed; 0: there is none, or
   * there are fewer than `least` observations.
   */
  boundExceeded(name: string, share: number, least: number): number {
    const buckets = this.#buckets.get(name) ?? []
    const total = buckets.at(-1)?.count ?? 0
    if (total < least) return 0
    return Math.max(0, ...buckets.filter(({ count }) => total - count > share * total).map(({ bound }) => bound))
  }

  #addBucket(name: string, { le, ...others }: Record<string, string>, value: string): void {
    if (le === undefined || Object.keys(others).length > 0) return
    const bucket = { bound: numberOf(le), count: numberOf(value) }
    const known = this.#buckets.get(name)
    if (known === undefined) this.#buckets.set(name, [bucket])
    else known.push(bucket)
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
