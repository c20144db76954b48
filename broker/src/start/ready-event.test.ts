import { expect, test } from 'vitest'
import { ManualClock } from '../platform/testing/clock.ts'
import { logWhenReady } from './ready-event.ts'

function watched(reached: Parameters<typeof logWhenReady>[1]) {
  const clock = new ManualClock()
  const state = { ready: false }
  const logged: object[] = []
  const quiet = () => {}
  const logger = {
    info: (fields: object, message: string) => void logged.push({ message, ...fields }),
    warn: quiet,
    error: quiet,
  }
  return { clock, state, logged, looking: logWhenReady({ readiness: () => state }, reached, clock, logger) }
}

test('a broker logs once that it is ready, with its addresses', async () => {
  const { clock, state, logged } = watched({ http: '127.0.0.1:8080', peer: '127.0.0.1:7080', tls: 'off' })
  await clock.advance(1_000)
  expect(logged).toEqual([])
  state.ready = true
  await clock.advance(1_000)
  state.ready = false
  await clock.advance(1_000)
  state.ready = true
  await clock.advance(1_000)
  const http = 'http://127.0.0.1:8080'
  expect(logged).toEqual([{ message: 'ready', http, peer: '127.0.0.1:7080', console: `${http}/console/` }])
})

test('a cascade broker has no address for brokers; with TLS alone its URL says so', async () => {
  const { clock, state, logged } = watched({ http: 'h:1', tls: 'required' })
  state.ready = true
  await clock.advance(1_000)
  expect(logged).toEqual([{ message: 'ready', http: 'https://h:1', console: 'https://h:1/console/' }])
})

test('a broker that stops logs nothing more', async () => {
  const { clock, state, logged, looking } = watched({ http: 'h:1', tls: 'off' })
  looking.cancel()
  state.ready = true
  await clock.advance(1_000)
  expect(logged).toEqual([])
})
