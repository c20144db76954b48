import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { skipped } from '../../../test/runner/skipped.ts'
import { metricsPage } from './metrics-page.ts'

const elsewhere = skipped(process.platform !== 'linux', 'docs/metrics.md: it has the figures of a process on Linux.')
it.skipIf(elsewhere)(
  'docs/metrics.md follows from the declarations beside the counters; "npm run docs" writes it',
  () => {
    const page = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8')
    expect(page).toBe(metricsPage())
    const names = [...page.matchAll(/^\| `(tailrace_\w+)`/gm)].map(([, name]) => name!)
    expect(new Set(names).size).toBe(names.length)
    // The convention of Prometheus: counters, and no others, end in _total.
    for (const [, name, type] of page.matchAll(/^\| `(tailrace_\w+)` \| (\w+) \|/gm))
      expect([name, name!.endsWith('_total')]).toEqual([name, type === 'counter'])
  },
)
