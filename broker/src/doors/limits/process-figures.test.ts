import { type Gauge, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { processFigures } from './process-figures.ts'

test('the lag of the event loop is told without the time between two looks of its monitor', async () => {
  const registry = new Registry()
  processFigures(registry)
  for (const what of ['min', 'max', 'mean', 'p50', 'p90', 'p99']) {
    const gauge = registry.getSingleMetric(`nodejs_eventloop_lag_${what}_seconds`) as Gauge
    const told = async (seconds: number) => {
      gauge.set({}, seconds)
      return (await gauge.get()).values[0]!.value
    }
    expect([await told(0.45), await told(0.199), await told(Number.NaN), await told(2 ** 63 / 1e9)]).toEqual([
      0.25, 0, 0, 0,
    ])
  }
  expect(await registry.metrics()).toMatch(/^# TYPE nodejs_gc_duration_seconds histogram$/m)
})
