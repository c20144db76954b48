import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { defaultPeerLimits } from './limits.ts'

const page = readFileSync(new URL('../../../../docs/operations.md', import.meta.url), 'utf8')

test('docs/operations.md says what connections may take that have not said who they are', () => {
  const { maxUnknownConnections, maxUnknownFrameBytes, maxHandshakeFrameBytes, handshakeTimeoutMs } = defaultPeerLimits
  const [frame, schemas] = [maxUnknownFrameBytes / 1024, maxHandshakeFrameBytes / 1024]
  const bound = `${maxUnknownConnections}, of frames up to ${frame} KiB, for ${handshakeTimeoutMs / 1000} s`
  const together = (maxUnknownConnections * schemas) / 1024
  expect(page).toContain(
    `| connections that have not said who they are | ${bound}; the frame with other schemas, behind the proof where there is a key, up to ${schemas} KiB: ${together} MiB together |`,
  )
})

test('docs/operations.md says how long a link may be silent', () => {
  const { probeMs, maxSilentProbes } = defaultPeerLimits
  const seconds = probeMs / 1000
  // The side that was dialled sends no probes, and gives the other one twice the time (IncomingConnections.tick).
  const dialled = `${2 * maxSilentProbes * seconds} s at the broker that was dialled`
  expect(page).toContain(
    `| silence | ${maxSilentProbes} probes without an answer, one every ${seconds} s; ${dialled} |`,
  )
})
