import { sizeText } from '../quantity.ts'
import type { ConditionBody } from './answer-shapes.ts'

const HOUR_SECONDS = 3600
/** As the doctor and the console. */
const SOON_SECONDS = 24 * HOUR_SECONDS

/** What is not well with brokers, a line each, for people; none: all that is known is well. */
export function conditionLines(conditions: readonly ConditionBody[]): string[] {
  return conditions.flatMap(({ broker, condition, why }) => {
    const found = condition === null ? [`its condition is not known: ${why}`] : troublesOf(condition)
    return found.map((text) => `broker ${broker}: ${text}`)
  })
}

function troublesOf(condition: NonNullable<ConditionBody['condition']>): string[] {
  const { ready, reason, writable, freeBytes, reserveBytes, secondsUntilFull } = condition
  const { checksumFailures, quarantined, stopped } = condition
  const found: string[] = []
  if (!ready) found.push(`it is not ready: ${reason}`)
  if (!writable) found.push(`its disk is full up to the reserve of ${sizeText(reserveBytes)}: it takes no records`)
  else if (secondsUntilFull !== null && secondsUntilFull < SOON_SECONDS)
    found.push(`in ${Math.max(1, Math.round(secondsUntilFull / HOUR_SECONDS))} h its disk is full up to the reserve`)
  else if (freeBytes < 2 * reserveBytes) found.push(`its disk is almost full: ${sizeText(freeBytes)} left`)
  if (checksumFailures > 0) found.push(`wrong checksums in ${checksumFailures} places since its start`)
  if (quarantined + stopped > 0) found.push(`replicas in quarantine: ${quarantined}, stopped: ${stopped}`)
  return found
}
