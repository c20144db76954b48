/** The events that a history notes, see history.ts. */
export const EventKind = {
  Deliver: 1,
  Tick: 2,
  Sync: 3,
  Read: 4,
  Propose: 5,
  Crash: 6,
  Start: 7,
  Cut: 8,
  Heal: 9,
  Campaign: 10,
  Unreachable: 11,
  Calm: 12,
  LeaseRead: 13,
  Compact: 14,
  Offer: 15,
  Install: 16,
  TokenRead: 17,
  Change: 18,
  Transfer: 19,
  Renew: 20,
  NodeNote: 21,
  Asleep: 22,
} as const

/** Notes one event; `text` is called only when a trace is printed. */
export type Note = (kind: number, broker: number, a: number, b: number, text: () => string) => void
