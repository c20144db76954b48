import { randomBytes, randomUUID } from 'node:crypto'
import type { Random } from '../random.ts'

/** `below` is not for secrets: it spreads timeouts and placements. The others come from the system's secure source. */
export const nodeRandom: Random = {
  below: (bound) => Math.floor(Math.random() * bound),
  uuid: () => randomUUID(),
  secret: (bytes) => randomBytes(bytes),
}
