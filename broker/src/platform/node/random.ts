import { randomUUID } from 'node:crypto'
import type { Random } from '../random.ts'

/** Not for secrets: `below` spreads timeouts and placements; `uuid` comes from the system's secure source. */
export const nodeRandom: Random = {
  below: (bound) => Math.floor(Math.random() * bound),
  uuid: () => randomUUID(),
}
