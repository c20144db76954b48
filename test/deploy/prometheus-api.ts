export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [seconds: number, figure: string]
}

export interface ShownAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly state: 'pending' | 'firing'
}

/** What a Prometheus on loopback answers. */
export class PrometheusApi {
  readonly #port: () => number

  constructor(port: () => number) {
    this.#port = port
  }

  /** @throws Error with what Prometheus says of the request */
  async get<Data>(path: string): Promise<Data> {
    const answer = await fetch(`http://127.0.0.1:${this.#port()}${path}`)
    const { data, error } = (await answer.json()) as { data: Data; error?: string }
    if (error !== undefined) throw new Error(`${path}: ${error}`)
    return data
  }

  /** The samples of an instant query, now. */
  async ask(query: string): Promise<readonly Sample[]> {
    return (await this.get<{ result: Sample[] }>(`/api/v1/query?query=${encodeURIComponent(query)}`)).result
  }

  async alerts(): Promise<readonly ShownAlert[]> {
    return (await this.get<{ alerts: ShownAlert[] }>('/api/v1/alerts')).alerts
  }

  /** Those of these queries that have no data until `ms` are over. */
  async silentOf(queries: readonly string[], ms: number): Promise<readonly string[]> {
    const deadline = Date.now() + ms
    let silent = queries
    while (silent.length > 0 && Date.now() < deadline) {
      const answers = await Promise.all(silent.map(async (query) => ({ query, result: await this.ask(query) })))
      silent = answers.filter(({ result }) => result.length === 0).map(({ query }) => query)
    }
    return silent
  }
}
