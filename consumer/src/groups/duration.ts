import { TailraceError } from '@tailrace/schemas'

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const MOST_MS = 30 * units.d!

/** Milliseconds of a number of them, or of a text such as "90s", "15m", "2h". @throws TailraceError INVALID_SETTING */
export function durationMs(given: number | string): number {
  const [, digits, unit] = typeof given === 'string' ? (/^(\d{1,12})(ms|s|m|h|d)$/.exec(given) ?? []) : []
  const ms = typeof given === 'number' ? given : Number(digits) * (units[unit ?? ''] ?? Number.NaN)
  if (Number.isSafeInteger(ms) && ms >= 0 && ms <= MOST_MS) return ms
  const text = typeof given === 'string' ? `"${given}"` : String(given)
  throw new TailraceError(
    'INVALID_SETTING',
    `${text} is not a time such as 1500, "90s", "15m" or "2h", of at most 30d.`,
  )
}
