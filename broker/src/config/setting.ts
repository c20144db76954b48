import type { BrokerSettings } from './broker-settings.ts'
import type { SettingKind } from './setting-kinds.ts'

/**
 * One setting. `fallback` gives the default; 'required' where there cannot be one, a function where it follows from
 * other settings.
 */
export interface Setting<Value> {
  readonly kind: SettingKind<Value>
  readonly fallback:
    | 'required'
    | { readonly value: Value }
    | { readonly follows: string; from(settings: BrokerSettings): Value }
  readonly about: string
  /** A required setting is empty, and need not be given, where this one is true. */
  readonly unneededWith?: 'memory'
  /** Differs from broker to broker, so `tailrace cluster start` sets it itself. */
  readonly perBroker?: true
}
