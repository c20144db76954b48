import * as foreign from '@tailrace/schemas/foreign-streams'
import * as authentication from '../authentication.ts'
import { type Credentials, checkCredentials } from '../credentials.ts'
import * as http from '../http/http-call.ts'

/** What not every program needs. A page loads it. @throws TailraceError CODE_NOT_LOADED; as the signal says */
export interface Parts {
  /** What reads a broker with another protocol. */
  readonly foreignBroker: () => Promise<typeof foreign>
  /** Requests of the HTTP API. */
  readonly httpCalls: (signal: AbortSignal) => Promise<typeof http>
  /** What is given as credentials. In a page they are checked when they are shown. @throws INVALID_SETTING */
  readonly givenCredentials: (given: Credentials | undefined) => Credentials | undefined
  /** What shows a credential. */
  readonly credentialParts: () => Promise<typeof authentication>
}

export const foreignBroker: Parts['foreignBroker'] = async () => foreign
export const httpCalls: Parts['httpCalls'] = async () => http
export const givenCredentials: Parts['givenCredentials'] = checkCredentials
export const credentialParts: Parts['credentialParts'] = async () => authentication
