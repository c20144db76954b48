/** Figures that change all the time are told again when they have changed by so much, or by this share. */
const slightMs = 1_000
const slightLagShare = 1 / 2
const slightConnections = 50
const slightConnectionsShare = 1 / 8
const slightBytes = 1_000_000
const slightBytesShare = 1 / 4

/** Whether a lag says the same to a reader. Milliseconds. */
export function isSameLag(told: number, now: number): boolean {
  return Math.abs(told - now) <= Math.max(slightMs, told * slightLagShare)
}

/** The same for the number of connections. */
export function areSameConnections(told = -1, now = -1): boolean {
  return told < 0 || now < 0
    ? told === now
    : Math.abs(told - now) <= Math.max(slightConnections, told * slightConnectionsShare)
}

/** The same for bytes a second; below 0: not told. */
export function isSameRate(told = -1, now = -1): boolean {
  return told < 0 || now < 0 ? told === now : Math.abs(told - now) <= Math.max(slightBytes, told * slightBytesShare)
}

/** Of fields of one message. */
export function isSameField(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b))
}
