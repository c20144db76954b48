import { expect, test } from 'vitest'
import type { AuditRecord } from '../../../api/admin-api.ts'
import { MemoryStore } from '../../../log/testing/memory-store.ts'
import { ManualClock } from '../../../platform/testing/clock.ts'
import { silentLogger } from '../../../platform/testing/logger.ts'
import { AUDIT_RECORDS, MetadataState, REMEMBERED_COMMANDS } from '../metadata-state.ts'
import { loadMetadata, MetadataWriter } from './metadata-store.ts'

test('the store keeps as many audit records and answers as the state does, and a start finds the newest, in order', async () => {
  const store = new MemoryStore()
  const state = new MetadataState()
  const writer = new MetadataWriter(store, new ManualClock(), silentLogger)
  const result = { ok: true } as const
  for (let number = 0; number < 2 * AUDIT_RECORDS + 5; number++) {
    const audit = { by: 'ann', action: 'a', target: `${number}`, detail: '' } as unknown as AuditRecord
    state.addAudit(audit)
    state.remember({ number: state.head.commands++, id: `${number}`, result })
    writer.applied(state, { id: `${number}`, result, repeated: false, audit })
    if (number % 100 === 0) await writer.settled()
  }
  await writer.settled()
  const count = async (prefix: string): Promise<number> => {
    let found = 0
    for await (const _ of store.range(`${prefix}/`, `${prefix}0`)) found++
    return found
  }
  expect([await count('meta/audit'), await count('meta/command')]).toEqual([AUDIT_RECORDS, REMEMBERED_COMMANDS])
  const again = new MetadataState()
  await loadMetadata(store, again)
  expect(again.audit).toEqual(state.audit)
  expect([...again.remembered()]).toEqual([...state.remembered()])
  expect([again.audit.length, again.audit.at(-1)!.target]).toEqual([AUDIT_RECORDS, `${2 * AUDIT_RECORDS + 4}`])
})
