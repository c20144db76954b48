import type { LogLevel } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import type { AuditEvent } from '../audit/audit-event.ts'
import { anonymousSession } from '../identity/session.ts'
import { AuthorizedLogLevel } from './authorized-log-level.ts'
import type { Authorizer } from './authorizer.ts'
import { Guard } from './guard.ts'

function levelFor(...allowed: string[]) {
  let level: LogLevel = 'info'
  const events: Omit<AuditEvent, 'at'>[] = []
  const decide = (_session: unknown, operation: string) => ({ allowed: allowed.includes(operation) })
  const authorizer = { version: 1, decide } as unknown as Authorizer
  const guard = new Guard(authorizer, anonymousSession('10.0.0.1'), () => null, {
    note: (event) => void events.push(event),
  })
  const api = {
    logLevel: async () => level,
    setLogLevel: async (next: LogLevel) => {
      const before = level
      level = next
      return { level, before }
    },
  }
  return { api: new AuthorizedLogLevel(api, 7, guard), events }
}

test('the level is shown to those that may describe the cluster, and changed by those that may alter it', async () => {
  const reader = levelFor('describe')
  expect(await reader.api.logLevel()).toBe('info')
  await expect(reader.api.setLogLevel('debug')).rejects.toMatchObject({ code: 'AUTHENTICATION_REQUIRED' })
  expect(await reader.api.logLevel()).toBe('info')
  const operator = levelFor('alter')
  await expect(operator.api.logLevel()).rejects.toMatchObject({ code: 'AUTHENTICATION_REQUIRED' })
  expect(await operator.api.setLogLevel('debug')).toEqual({ level: 'debug', before: 'info' })
})

test('a change and a refusal are in the audit', async () => {
  const operator = levelFor('alter')
  await operator.api.setLogLevel('warn')
  expect(operator.events).toMatchObject([
    { action: 'set-log-level', target: 'broker 7 to warn', outcome: 'done', host: '10.0.0.1' },
  ])
  const nobody = levelFor()
  await nobody.api.setLogLevel('warn').catch(() => undefined)
  expect(nobody.events).toMatchObject([{ action: 'alter', target: 'cluster', outcome: 'refused' }])
})
