import { expect, it } from 'vitest'
import { auditText } from './audit-text.ts'

const entry = {
  at: Date.parse('2026-11-29T10:00:00Z'),
  broker: 1,
  principal: 'User:alice',
  host: '10.0.0.1',
  action: 'remove-broker',
  target: 'broker 7',
  outcome: 'done',
  code: '',
  times: 1,
}
const shown = (value: unknown) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const record = { partition: 0, offset: 5, timestamp: 0, key: 'k', headers: {} }
  return auditText({ ...record, value: new TextEncoder().encode(text) })
}

it('an entry is a line', () => {
  expect(shown(entry)).toBe(
    '2026-11-29T10:00:00.000Z  broker 1  User:alice from 10.0.0.1  remove-broker  broker 7  done\n',
  )
  const refused = { ...entry, outcome: 'refused', code: 'AUTHORIZATION_FAILED', times: 9 }
  expect(shown(refused)).toMatch(/ {2}refused AUTHORIZATION_FAILED {2}9 times\n$/)
})

it('a name controls no terminal', () => {
  expect(shown({ ...entry, target: 'user "\u001b[2J\n"' })).toMatch(/user "\\u001b\[2J\\u000a"/)
})

it.each(['no JSON', 'null', '{}', '{"at":1e99,"action":"x"}'])('%s is shown as a record', (text) =>
  expect(shown(text)).toMatch(/^0:5 {2}/),
)
