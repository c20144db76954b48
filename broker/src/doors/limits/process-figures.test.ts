import { type Gauge, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { processFigures } from './process-figures.ts'

test('the lag of the event loop is told without the time between two looks of its monitor', async () => {
  const registry = new Registry()
  processFigures(registry)
  const shown = async (what: string, seconds: number) => {
    const gauge = registry.getSingleMetric(`nodejs_eventloop_lag_${what}_seconds`) as Gauge
    gauge.set({}, seconds)
    return (await gauge.get()).values[0]!.value
  }
  for (const what of ['min', 'max', 'mean', 'p50', 'p90', 'p99']) {
    const told = async (seconds: number) => shown(what, seconds)
    expect([await told(0.45), await told(0.199), await told(Number.NaN), await told(2 ** 63 / 1e9)]).toEqual([
      0.25, 0, 0, 0,
    ])
  }
  expect([await shown('stddev', 0.01), await shown('stddev', Number.NaN)]).toEqual([0.01, 0])
  expect(await registry.metrics()).toMatch(/^# TYPE nodejs_gc_duration_seconds histogram$/m)
})

test('two readings one after the other are numbers', async () => {
  const registry = new Registry()
  processFigures(registry)
  for (let i = 0; i < 3; i++) expect(await registry.metrics()).not.toMatch(/ Nan$/m)
})
