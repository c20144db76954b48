/** What `topics` of a cascade broker stands for: all topics. */
const ALL = '*'

/** The topics that a cascade broker copies: names, and beginnings of names with a `*` behind them. */
export class TopicChoice {
  readonly #names = new Set<string>()
  readonly #beginnings: string[] = []

  /** `patterns`: as the setting has them; none at all are all topics, as in reports of brokers that copy all. */
  constructor(patterns: readonly string[]) {
    for (const pattern of patterns.length === 0 ? [ALL] : patterns) {
      if (pattern.endsWith(ALL)) this.#beginnings.push(pattern.slice(0, -1))
      else this.#names.add(pattern)
    }
  }

  get isAll(): boolean {
    return this.#beginnings.includes('')
  }

  /** As it is reported: none where all topics are copied, as by brokers that know no choice. */
  get patterns(): readonly string[] {
    return this.isAll ? [] : [...this.#names, ...this.#beginnings.map((beginning) => beginning + ALL)]
  }

  takes(topic: string): boolean {
    return this.#names.has(topic) || this.#beginsHere(topic)
  }

  /** Whether every topic that the other takes, also those that do not exist yet, is taken here. */
  covers(other: TopicChoice): boolean {
    const begins = (text: string): boolean => this.#beginsHere(text)
    return other.#beginnings.every(begins) && [...other.#names].every((name) => this.takes(name))
  }

  #beginsHere(text: string): boolean {
    return this.#beginnings.some((beginning) => text.startsWith(beginning))
  }
}
