import { loaded } from './loaded.ts'
import type { Parts } from './node.ts'

/** Each is loaded when it is needed: most pages do without. */
export const foreignBroker: Parts['foreignBroker'] = () => loaded(import('@tailrace/schemas/foreign-streams'))
export const httpCalls: Parts['httpCalls'] = (signal) => loaded(import('../http/http-call.ts'), signal)
export const givenCredentials: Parts['givenCredentials'] = (given) => given
export const credentialParts: Parts['credentialParts'] = () => loaded(import('../authentication.ts'))
