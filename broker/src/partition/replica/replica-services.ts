import type { CopyServices } from '../copies/copy-services.ts'
import type { TermWatch } from './state/term-watch.ts'
import type { TokenSeal } from './state/token-seal.ts'

/** What all replicas of a broker share. */
export interface ReplicaServices extends CopyServices {
  readonly seal: TokenSeal
  readonly terms: TermWatch
}
