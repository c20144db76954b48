import { METADATA_GROUP, type MessageName, type TailraceError } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { sampleMessages } from '../../../../schemas/src/testing/sample-messages.ts'
import { MetadataState } from '../../cluster/metadata/metadata-state.ts'
import { oddFields } from '../../cluster/testing/odd-fields.ts'
import { overTheWire } from '../../cluster/testing/over-the-wire.ts'
import type { PeerHandlers, Peers } from '../../partition/peers.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { Authorizer } from '../../security/access/authorizer.ts'
import { noTables } from '../../security/security-tables.ts'
import { decisionFrom } from '../wire/cascade-fields.ts'
import { levelZeroControlOver, withCascade } from './leader-requests.ts'
import type { LevelZeroControlDeps } from './level-zero-control.ts'
import { cascadeRequestTable } from './requests/table.ts'

const nothing = new Uint8Array()
const names = ['CascadeReports', 'CascadeStatus', 'AssignSource'] as const
/** A beat that tells everything. */
const whole = { ...sampleMessages.CascadeReports, after: 0 }
const requests = { ...sampleMessages, CascadeReports: whole }
const without = <Fields extends { correlation: number }>({ correlation: _, ...fields }: Fields) => fields

/** Handlers that note their calls and give back their names; broker 9 is no member. */
function handlersThatNote(calls: string[]): PeerHandlers {
  const note = (name: string, value?: unknown) => {
    return (...parts: unknown[]) => {
      calls.push(`${name} ${JSON.stringify(parts)}`)
      return value ?? name
    }
  }
  return {
    accepts: (from: number, group: number) => {
      note('accepts')(from, group)
      return from !== 9
    },
    request: async (...parts: unknown[]) => note('request', { fields: {}, body: [] })(...parts),
    ...Object.fromEntries(['raft', 'tooLarge', 'leaders', 'told', 'link', 'admit'].map((name) => [name, note(name)])),
  } as unknown as PeerHandlers
}

/** A metadata leader that answers with the sample messages, and records the requests that it gets. */
function leader(heard: unknown[] = []) {
  const control = {
    hearAsLeader: async (...parts: unknown[]) => {
      heard.push(parts)
      return decisionFrom(sampleMessages.CascadeReportsReply)
    },
    statusAsLeader: async () => ({ brokers: sampleMessages.CascadeStatusReply.brokers }),
    assignAsLeader: async (...parts: unknown[]) => void heard.push(parts),
  }
  return withCascade(handlersThatNote([]), control, open)
}

/** Rules that let everybody do everything. */
const state = new MetadataState()
const open = {
  state,
  authorizer: new Authorizer({ mode: 'off', superUsers: [], tables: () => state.security }),
}

describe('requests about cascade brokers', () => {
  it.each(names)('%s is answered by the control, to members of the metadata group', async (name) => {
    const calls: string[] = []
    const control = {
      hearAsLeader: async () => decisionFrom(sampleMessages.CascadeReportsReply),
      statusAsLeader: async () => without(sampleMessages.CascadeStatusReply),
      assignAsLeader: async () => {},
    }
    const handlers = withCascade(handlersThatNote(calls), control, open)
    const first = name === 'CascadeReports' ? { taken: 1, list: 1, listAfter: 0, gone: [] } : {}
    const expected = { fields: { ...without(sampleMessages[`${name}Reply`]), ...first }, body: [] }
    expect(await handlers.request(2, name, requests[name], nothing)).toEqual(expected)
    await expect(handlers.request(9, name, requests[name], nothing)).rejects.toMatchObject({ code: 'NOT_READY' })
    expect(calls).toEqual([`accepts [2,${METADATA_GROUP}]`, `accepts [9,${METADATA_GROUP}]`])
  })

  it('are the only ones taken out: other messages of peers reach their former handlers', async () => {
    const calls: string[] = []
    const handlers = withCascade(handlersThatNote(calls), {} as never, open)
    await handlers.request(9, 'FindOffset', sampleMessages.FindOffset, nothing)
    await handlers.request(9, 'Join', { correlation: 0 }, nothing)
    const others: [keyof PeerHandlers, unknown[]][] = [
      ['raft', [1, {}, []]],
      ['tooLarge', [1, 2, 3]],
      ['leaders', [1, []]],
      ['told', [1, 'NodeBeat', {}]],
      ['link', [1, true]],
      ['admit', [{}]],
    ]
    for (const [name, parts] of others) (handlers[name] as (...parts: unknown[]) => void)(...parts)
    const told = others.map(([name, parts]) => `${name} ${JSON.stringify(parts)}`)
    expect(calls.slice(2)).toEqual(told)
    expect(calls.slice(0, 2).every((call) => call.startsWith('request [9,'))).toBe(true)
  })

  it.each(names)('%s with an odd field is refused', async (name) => {
    const heard: unknown[] = []
    for (const { path, what, fields } of oddFields(name, requests[name])) {
      if (what === 'word') continue
      const asked = overTheWire(name, fields as never)
      const code = await leader(heard)
        .request(2, name, asked, nothing)
        .then(
          () => 'answered',
          (error: TailraceError) => error.code,
        )
      // Two reports of one broker are no mistake: the younger counts.
      const isTaken = what === 'twice' && !path.startsWith('asker')
      expect(code, `${what} ${path}`).toBe(isTaken ? 'answered' : 'INVALID_REQUEST')
    }
    expect(heard.filter((parts) => JSON.stringify(parts).includes('-2'))).toEqual([])
  })
})

describe('a broker that does not lead the metadata group', () => {
  const broker = (reply: (name: MessageName) => object, asked: unknown[] = []) => {
    const request = async (to: number, name: MessageName, fields: object) => {
      asked.push([to, name, fields])
      return { fields: reply(name), body: nothing }
    }
    const api = {
      brokerId: 1,
      describeCluster: async () => ({ clusterId: 'c', metadataLeader: 2, brokers: [] }),
      listTopics: () => [],
      topicsVersion: () => 0,
    }
    const peers = { request } as unknown as Peers
    const node = { api: api as unknown as LevelZeroControlDeps['api'], tables: noTables }
    return levelZeroControlOver(peers, node, new ManualClock())
  }
  const answers = { ...sampleMessages, CascadeReportsReply: { ...sampleMessages.CascadeReportsReply, listAfter: 0 } }
  const sample = (name: MessageName) => answers[`${name}Reply` as MessageName]
  const [report] = sampleMessages.CascadeReports.reports

  it('asks the leader, each request with a message of its own', async () => {
    const asked: unknown[] = []
    const control = broker(sample, asked)
    const { brokers } = sampleMessages.CascadeStatusReply
    expect(await control.status()).toEqual({ brokers })
    await control.assign(101, 2)
    const { assignments, cluster } = await control.beat({ clusterId: 'c', broker: 101, reports: [report!] })
    const decided = decisionFrom(sampleMessages.CascadeReportsReply)
    expect([assignments, cluster.brokers]).toEqual([decided.assignments, decided.cascades])
    expect(asked).toEqual([
      [2, 'CascadeStatus', {}],
      [2, 'AssignSource', { broker: 101, source: 2 }],
      [2, 'CascadeReports', { reports: [report], after: 0, ages: [], gone: [], list: 0 }],
    ])
  })

  it('tells the leader what has changed, and everything again where the leader has been started again', async () => {
    const asked: { after: number; list: number }[] = []
    let restarted = false
    const request = async (_: number, name: MessageName, fields: never) => {
      asked.push(fields)
      return { ...(await (restarted ? again : first).request(1, name as never, fields, nothing)), body: nothing }
    }
    const [first, again] = [leader(), leader()]
    const describeCluster = async () => ({ clusterId: 'c', metadataLeader: 2, brokers: [] })
    const api = { brokerId: 1, describeCluster, listTopics: () => [], topicsVersion: () => 0 }
    const peers = { request } as unknown as Peers
    const control = levelZeroControlOver(peers, { api, tables: noTables }, new ManualClock())
    const known = decisionFrom(sampleMessages.CascadeReportsReply).cascades
    const beat = async () => {
      const { cluster } = await control.beat({ clusterId: 'c', broker: 101, reports: [report!] })
      expect(cluster.brokers).toEqual(known)
      return asked.splice(0).map(({ after, list }) => [after, list])
    }
    expect([await beat(), await beat(), await beat()]).toEqual([[[0, 0]], [[1, 1]], [[2, 1]]])
    restarted = true
    expect([await beat(), await beat()]).toEqual([
      [
        [3, 1],
        [0, 1],
      ],
      [[1, 1]],
    ])
  })

  it('takes no answer that no leader would give', async () => {
    for (const { path, what, fields } of oddFields('CascadeStatusReply', sampleMessages.CascadeStatusReply)) {
      if (what === 'word' || what === 'twice') continue
      const status = broker(() => overTheWire('CascadeStatusReply', fields as never)).status()
      const message = 'A field of what broker 2 answers to CascadeStatus is wrong.'
      const error = { code: 'INCOMPATIBLE_PEER', message: expect.stringContaining(message) }
      await expect(status, `${what} ${path}`).rejects.toMatchObject(error)
    }
    for (const { path, what, fields } of oddFields('CascadeReportsReply', sampleMessages.CascadeReportsReply)) {
      if (what === 'word' || what === 'twice') continue
      const reply = overTheWire('CascadeReportsReply', fields as never)
      expect(cascadeRequestTable.CascadeReports.checkReply(reply), `${what} ${path}`).toBe(false)
    }
    const cascades = sampleMessages.CascadeReportsReply.cascades.map((one) => ({ ...one, id: -7 }))
    const control = broker(() => ({ assignments: [], cascades }))
    const { cluster } = await control.beat({ clusterId: 'c', broker: 101, reports: [report!] })
    expect(cluster.brokers.map(({ id }) => id)).toEqual([101])
  })
})
