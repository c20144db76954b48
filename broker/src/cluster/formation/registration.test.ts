import { type ErrorCode, TailraceError } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import type { BrokerRegistration } from '../metadata/commands/command.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import type { MetadataClient } from '../routing/metadata-client.ts'
import { Registration } from './registration.ts'

/** A broker in its life "b" whose attempts to register end as `codes` say, and then succeed. */
function broker(...codes: ErrorCode[]) {
  const clock = new ManualClock()
  const submitted: unknown[] = []
  const warned: unknown[] = []
  const brokers = new Map([[1, { incarnation: 'a' }]])
  const client = {
    submit: async (command: unknown) => {
      submitted.push(command)
      const code = codes.shift()
      if (code !== undefined) throw new TailraceError(code)
    },
  }
  const own = { id: 1, incarnation: 'b' } as BrokerRegistration
  const registration = new Registration(() => own, {
    state: { brokers } as unknown as MetadataState,
    client: client as unknown as MetadataClient,
    clock,
    logger: {
      info: () => {},
      error: () => {},
      warn: (fields) => void warned.push((fields as { err: TailraceError }).err.code),
    },
  })
  const pass = (ms: number) => clock.advance(ms)
  return { registration, submitted, warned, brokers, own, pass }
}

test('a broker registers itself once where that succeeds', async () => {
  const { registration, submitted, own, pass } = broker()
  void registration.run()
  await pass(5000)
  expect(submitted).toEqual([{ type: 'register-broker', broker: own }])
})

test('it tries again every half second, and logs errors other than a metadata group without a leader', async () => {
  const { registration, submitted, warned, pass } = broker('LEADER_UNAVAILABLE', 'TIMED_OUT', 'LEADER_UNAVAILABLE')
  void registration.run()
  await pass(499)
  expect([submitted.length, warned]).toEqual([1, []])
  await pass(1)
  expect([submitted.length, warned]).toEqual([2, ['TIMED_OUT']])
  await pass(5000)
  expect([submitted.length, warned]).toEqual([4, ['TIMED_OUT']])
})

test('it stops when its own life has been applied, and not for an earlier one', async () => {
  const { registration, submitted, brokers, pass } = broker('TIMED_OUT', 'TIMED_OUT', 'TIMED_OUT')
  expect(registration.applied).toBe(false)
  void registration.run()
  await pass(600)
  expect(submitted).toHaveLength(2)
  brokers.set(1, { incarnation: 'b' })
  await pass(5000)
  expect([submitted.length, registration.applied]).toEqual([2, true])
})

test('it stops when it is closed, and logs no failure then', async () => {
  const { registration, submitted, warned, pass } = broker('TIMED_OUT', 'TIMED_OUT')
  void registration.run()
  registration.close()
  await pass(5000)
  expect([submitted.length, warned]).toEqual([1, []])
})
