import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { skipped } from '../../../test/runner/skipped.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeRandom } from '../platform/node/random.ts'
import { startGateway } from './testing/running-gateway.ts'

const atOnce = 1_000
const leavesRoom = process.platform === 'linux' && Number(readFileSync('/proc/sys/net/core/somaxconn')) > atOnce
const noRoom = skipped(
  !leavesRoom,
  'clients that connect all at once: this system lets fewer than 1,000 connections wait, or does not tell.',
  { evenInCi: true },
)

/** Says how many of its connections the system has made, once all are, or after a time. */
const clients = `
  import { connect } from 'node:net'
  let made = 0
  const end = () => { process.stdout.write(String(made)); process.exit() }
  setTimeout(end, 10_000)
  for (let at = 0; at < ${atOnce}; at++) {
    connect(Number(process.argv[1]), '127.0.0.1').on('connect', () => ++made === ${atOnce} && end()).on('error', () => {})
  }
`

it.skipIf(noRoom)(
  'connections wait until the broker accepts them, and no client has to try again',
  async () => {
    const { gateway, url } = await startGateway(nodeClock, nodeRandom)
    // Until it has returned, this process, which is the gateway's, accepts none.
    const made = execFileSync(process.execPath, ['--input-type=module', '-e', clients, new URL(url).port])
    await gateway.close()
    expect(Number(made)).toBe(atOnce)
  },
  30_000,
)
