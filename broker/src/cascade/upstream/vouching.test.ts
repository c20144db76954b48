import { expect, test } from 'vitest'
import type { Asker } from '../../api/broker-api.ts'
import { askerFields } from '../../security/identity/asker-fields.ts'
import { readAskerHeader } from '../../security/identity/asker-header.ts'
import { vouching } from './vouching.ts'

const ann: Asker = { principal: 'User:ann', groups: [], host: '10.0.0.1', kind: 'scram', via: [] }
const admin: Asker = { ...ann, principal: 'User:admin', kind: 'admin-token' }

test('the source is told of a client that has been asked for a credential', () => {
  const { fields, header } = vouching(true)
  expect(fields(ann)).toEqual({ asker: askerFields(ann) })
  expect(readAskerHeader(Object.values(header(ann))[0])).toMatchObject(ann)
  const nobody = { ...ann, principal: 'User:ANONYMOUS', kind: 'none' }
  expect(fields(nobody)).toMatchObject({ asker: { principal: 'User:ANONYMOUS', kind: 'none' } })
})

test('other requests are this broker’s own', () => {
  for (const [asksClients, asker] of [
    [true, undefined],
    [true, admin],
    [false, ann],
  ] as const) {
    const { fields, header } = vouching(asksClients)
    expect([fields(asker), header(asker)]).toEqual([{}, {}])
  }
})
