import type { Asker } from '../../../../broker/src/api/broker-api.ts'

/** A client that shows no credential. */
export const ASKER: Asker = { principal: 'User:ANONYMOUS', groups: [], host: '10.0.0.1', kind: 'none', via: [] }
