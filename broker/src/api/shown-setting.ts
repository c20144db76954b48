/** A setting of a broker as operators see it. */
export interface ShownSetting {
  readonly name: string
  /** As in documentation; "set" in the place of texts, addresses and paths, which may hold a secret. */
  readonly value: string
  /** Null: there is none, or it follows from what is not shown. */
  readonly default: string | null
  /** It differs from its default. */
  readonly changed: boolean
  /** It differs from broker to broker in any cluster. */
  readonly perBroker: boolean
  readonly about: string
}
