import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { defaultPeerLimits } from './limits.ts'

test('docs/operations.md says how long a link may be silent', () => {
  const { probeMs, maxSilentProbes } = defaultPeerLimits
  const page = readFileSync(new URL('../../../../docs/operations.md', import.meta.url), 'utf8')
  const seconds = probeMs / 1000
  // The side that was dialled sends no probes, and gives the other one twice the time (IncomingConnections.tick).
  const dialled = `${2 * maxSilentProbes * seconds} s at the broker that was dialled`
  expect(page).toContain(
    `| silence | ${maxSilentProbes} probes without an answer, one every ${seconds} s; ${dialled} |`,
  )
})
