import type { Random } from '../../../broker/src/platform/random.ts'
import type { SimRandom } from '../../../testing/src/simulation/sim-random.ts'

/** The randomness of a broker, drawn from the seed. */
export function brokerRandom(random: SimRandom): Random {
  const hex = (digits: number): string => random.next().toString(16).padStart(8, '0').slice(0, digits)
  return {
    below: (bound) => random.below(bound),
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(8)}${hex(4)}`,
    secret: (bytes) => Uint8Array.from({ length: bytes }, () => random.below(256)),
  }
}
