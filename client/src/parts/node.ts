import * as foreign from '@tailrace/schemas/foreign-streams'
import * as authentication from '../authentication.ts'
import * as http from '../http/http-call.ts'

/** What not every program needs. A page loads it. @throws TailraceError CODE_NOT_LOADED; as the signal says */
export interface Parts {
  /** What reads a broker with another protocol. */
  readonly foreignBroker: () => Promise<typeof foreign>
  /** Requests of the HTTP API. */
  readonly httpCalls: (signal: AbortSignal) => Promise<typeof http>
  /** What shows a credential. */
  readonly credentialParts: () => Promise<typeof authentication>
}

export const foreignBroker: Parts['foreignBroker'] = async () => foreign
export const httpCalls: Parts['httpCalls'] = async () => http
export const credentialParts: Parts['credentialParts'] = async () => authentication
