import { TailraceError } from '@tailrace/schemas'
import { afterEach, describe, expect, it, test, vi } from 'vitest'
import { CascadeRegistry } from '../../broker/src/cascade/control/registry.ts'
import { Copies } from '../../broker/src/cascade/copies/copies.ts'
import { CopiedTables } from '../../broker/src/cascade/upstream/copied-tables.ts'
import { SecurityAdmin } from '../../broker/src/cluster/security/security-admin.ts'
import { MemoryBroker } from '../../broker/src/doors/testing/memory-broker.ts'
import { Guard } from '../../broker/src/security/access/guard.ts'
import { Authenticator } from '../../broker/src/security/identity/authenticator.ts'
import { Metadata } from '../../client/src/metadata/metadata.ts'
import { readCases } from './cases.ts'
import { change } from './change.ts'
import { describeInputs } from './describe-inputs.ts'
import { failureOf, fuzz } from './fuzz.ts'
import { reportOf } from './live/cascade-broker.ts'
import { FuzzRandom } from './random.ts'
import { type FuzzTarget, refusedAs, type Verdict } from './target.ts'
import { cascadeAnswers } from './targets/cascade-answers.ts'
import { cascadeBeats } from './targets/cascade-beats.ts'
import { cascadeStores } from './targets/cascade-store.ts'
import { cascadeTables } from './targets/cascade-tables.ts'
import { clientCertificates } from './targets/certificates.ts'
import { attack, liveReplicas } from './targets/live-replica.ts'
import { peerHandshakes } from './targets/peer-handshakes.ts'
import { securityRequests } from './targets/security-requests.ts'
import { spread, targetTable } from './targets/table.ts'
import { webTokens } from './targets/web-tokens.ts'
import { webSocketBrokers } from './targets/ws-client.ts'
import { webSocketClients } from './targets/ws-server.ts'

// more-inputs.test.ts gives five times as many, of another seed.
describeInputs(20_000, 1)

test('a handshake between brokers that is sound is taken, and without a proof only where none is required', async () => {
  const verdicts = await Promise.all(peerHandshakes.samples.map(async (sample) => peerHandshakes.run(sample)))
  // Of the dialler, then of the acceptor: proven, proven, plain, plain where a proof is required, plain, refused.
  const ofDialler = ['taken', 'taken', 'refused', 'refused', 'taken', 'refused']
  expect(verdicts).toEqual([...ofDialler, ...ofDialler.with(2, 'taken')])
})

describe('an input that failed once', () => {
  it.each(readCases())('$name', async ({ target: name, input }) => {
    const row = targetTable.find(({ target }) => target.name === name)
    expect(row, `no target is called ${name}`).toBeDefined()
    expect(await failureOf(row!.target, input)).toBeNull()
  })
})

describe('the fuzzer itself', () => {
  const breaksAt = (marker: number): FuzzTarget => ({
    name: 'broken',
    samples: [new Uint8Array(40)],
    run: (input) => {
      if (input.includes(marker)) throw new RangeError('broken')
      return 'taken'
    },
  })

  it('finds inputs that fail, and makes them small', async () => {
    const { failure } = await fuzz(breaksAt(77), 10_000, 3)
    expect(failure?.error).toBeInstanceOf(RangeError)
    expect([...failure!.input]).toEqual([77])
  })

  it('makes the same inputs from the same seed, and others from another', () => {
    const row = (seed: number): string[] => {
      const random = new FuzzRandom(seed)
      const sample = Uint8Array.from({ length: 30 }, (_, at) => at)
      return Array.from({ length: 50 }, () => change(sample, random, sample).toString())
    }
    expect(row(5)).toEqual(row(5))
    expect(row(5)).not.toEqual(row(6))
    expect(new Set(row(5)).size).toBeGreaterThan(40)
  })

  it('takes the refusals that a parser documents, and no other error', () => {
    expect(() => refusedAs(new TailraceError('INVALID_BATCH'), ['INVALID_BATCH'])).not.toThrow()
    expect(() => refusedAs(new TailraceError('INTERNAL'), ['INVALID_BATCH'])).toThrow()
    expect(() => refusedAs(new TypeError('x'), ['INVALID_BATCH'])).toThrow(TypeError)
  })

  it('lets a target finish work of a later turn, so that memory stays bounded', async () => {
    let [open, most] = [0, 0]
    const target: FuzzTarget = {
      name: 'closes later',
      samples: [new Uint8Array(40)],
      run() {
        most = Math.max(most, ++open)
        process.nextTick(() => open--)
        return 'taken'
      },
    }
    await fuzz(target, 10_000, 1)
    expect(most).toBeLessThan(100)
  })

  it('counts refused inputs, and gives the slowest target its part', async () => {
    const target: FuzzTarget = { name: 'half', samples: [new Uint8Array(1)], run: () => 'refused' }
    expect(await fuzz(target, 100, 1)).toEqual({ inputs: 100, refused: 100, failure: null })
    const rows = spread(10_000_000)
    expect(Math.min(...rows.map(({ inputs }) => inputs))).toBeGreaterThanOrEqual(20_000)
    expect(rows.reduce((sum, { inputs }) => sum + inputs, 0)).toBeGreaterThanOrEqual(10_000_000)
  })

  it('begins with samples that no target fails on, and of which each takes some', async () => {
    for (const { target } of targetTable) {
      const verdicts = new Set<Verdict>()
      for (const sample of target.samples) verdicts.add(await target.run(sample))
      expect(verdicts, target.name).toContain('taken')
    }
  })
})

describe('faults that the targets that run a broker or SDK would see', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('a group that takes messages from a broker without a replica', async () => {
    const leaderOfTheTerm = Uint8Array.of(0, 0x16)
    await attack(leaderOfTheTerm)
    await expect(attack(leaderOfTheTerm, true)).rejects.toThrow(/has two leaders, 1 and 9/)
  })

  it('a group in which a follower copies the log of another', async () => {
    let installations = 0
    for (const sample of liveReplicas.samples) installations += (await attack(sample)).installations
    expect(installations).toBeGreaterThan(3)
  })

  it('a broker that fails on a message of a client', async () => {
    vi.spyOn(MemoryBroker.prototype, 'findOffset').mockResolvedValue(null as never)
    const outcomes = await Promise.allSettled(webSocketClients.samples.map((sample) => webSocketClients.run(sample)))
    expect(outcomes.map(({ status }) => status)).toContain('rejected')
  })

  it('a cascade broker that fails on an answer of its source or a value of its own store', async () => {
    vi.spyOn(Copies.prototype, 'update').mockRejectedValue(new TypeError('Cannot read properties of undefined'))
    for (const { samples, run } of [cascadeAnswers, cascadeStores]) {
      const outcomes = await Promise.allSettled(samples.map((sample) => run(sample)))
      expect(outcomes.map(({ status }) => status)).toContain('rejected')
    }
  })

  it('a broker that passes on values of a cascade broker on which others fail', async () => {
    vi.spyOn(CascadeRegistry.prototype, 'all').mockReturnValue([reportOf(1e300)])
    for (const sample of cascadeBeats.samples.slice(0, 1)) await expect(cascadeBeats.run(sample)).rejects.toThrow()
  })

  it('a cascade broker that fails on the rules of its source', async () => {
    vi.spyOn(CopiedTables.prototype, 'take').mockRejectedValue(new TypeError('Cannot read properties of undefined'))
    for (const { samples, run } of [cascadeAnswers, cascadeTables]) {
      const outcomes = await Promise.allSettled(samples.map((sample) => run(sample)))
      expect(outcomes.map(({ status }) => status)).toContain('rejected')
    }
  })

  it('a door at which a request about rules fails, or changes more than it may', async () => {
    const outcome = async (): Promise<unknown[]> => {
      const outcomes = await Promise.allSettled(securityRequests.samples.map((sample) => securityRequests.run(sample)))
      return outcomes.map(({ status }) => status)
    }
    vi.spyOn(SecurityAdmin.prototype, 'listUsers').mockImplementation(() => {
      throw new TypeError('of undefined')
    })
    expect(await outcome()).toContain('rejected')
    vi.restoreAllMocks()
    vi.spyOn(Guard.prototype, 'cluster').mockReturnValue(undefined)
    expect(await outcome()).toContain('rejected')
  })

  it('an authenticator that takes what proves nothing', async () => {
    const session = {
      principal: 'User:admin',
      groups: [],
      host: 'h',
      kind: 'jwt',
      credential: '',
      scope: null,
    } as const
    vi.spyOn(Authenticator.prototype, 'bearer').mockResolvedValue({ ...session, expiresAt: null, via: [] })
    vi.spyOn(Authenticator.prototype, 'certificate').mockReturnValue({ ...session, expiresAt: null, via: [] })
    for (const { samples, run } of [webTokens, clientCertificates]) {
      await expect(Promise.resolve().then(() => run(samples[0]!))).rejects.toThrow(/User:admin/)
    }
  })

  it('an SDK that fails on a message of a broker', async () => {
    vi.spyOn(Metadata.prototype, 'absorb').mockImplementation(() => {
      throw new TypeError('of undefined')
    })
    for (const sample of webSocketBrokers.samples.slice(0, 1)) {
      await expect(webSocketBrokers.run(sample)).rejects.toMatchObject({ cause: expect.any(TypeError) })
    }
  })
})
