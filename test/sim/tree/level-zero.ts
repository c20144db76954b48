import { encodeFrame, type Message, parseFrame, TailraceError } from '@tailrace/schemas'
import type { ClusterDescription } from '../../../broker/src/api/broker-api.ts'
import { levelZeroControlOver, withCascade } from '../../../broker/src/cascade/control/leader-requests.ts'
import type { LevelZeroControl } from '../../../broker/src/cascade/control/level-zero-control.ts'
import type { ClusterRules } from '../../../broker/src/cluster/requests/asked-for.ts'
import type { PeerHandlers, Peers } from '../../../broker/src/partition/peers.ts'
import type { Clock } from '../../../broker/src/platform/clock.ts'
import { noTables } from '../../../broker/src/security/security-tables.ts'
import type { EventLoop } from '../../../testing/src/simulation/event-loop.ts'
import type { Traffic } from './traffic.ts'
import type { TreeMember } from './tree-shape.ts'

const CLUSTER = 'a-cluster-of-the-simulator'
const LEADER = 1
/** Between two machines of one rack. */
const HOP_MICROS = 300

const memberHandlers = { accepts: () => true } as unknown as PeerHandlers
/** Reports are nobody's request. */
const noRules = {} as ClusterRules

/** The brokers of level 0, as far as cascade brokers see them: the first leads the metadata group. */
export function startLevelZero(
  members: readonly TreeMember[],
  loop: EventLoop,
  clock: Clock,
  traffic: Traffic,
): ReadonlyMap<number, LevelZeroControl> {
  const controls = new Map<number, LevelZeroControl>()
  const handlers = new Map<number, PeerHandlers>()
  const brokers = members.map(({ id, address }) => ({ id, http: address, peer: '', level: 0, alive: true, pid: 1 }))
  const describeCluster = async (): Promise<ClusterDescription> => ({
    clusterId: CLUSTER,
    metadataLeader: LEADER,
    brokers,
  })
  const hop = (): Promise<void> => new Promise((done) => void loop.after(HOP_MICROS, done))
  const counted = (bytes: readonly Uint8Array[]): Uint8Array => {
    const frame = Uint8Array.from(Buffer.concat(bytes))
    traffic.count(0, 'peers', frame.length)
    return frame
  }
  /** The link from one broker to another: frames as they are sent, and the shipped handler at its end. */
  const peersOf = (from: number): Pick<Peers, 'request'> => ({
    async request(to, name, fields) {
      if (name !== 'CascadeReports') throw new TailraceError('UNSUPPORTED_MESSAGE', name)
      const asked = { ...fields, correlation: 1 } as unknown as Message<'CascadeReports'>
      const request = counted(encodeFrame('CascadeReports', asked))
      await hop()
      const told = parseFrame(request).fields as Message<'CascadeReports'>
      const { fields: answer } = await handlers.get(to)!.request(from, 'CascadeReports', told, new Uint8Array())
      const reply = counted(encodeFrame('CascadeReportsReply', { ...answer, correlation: 1 }))
      await hop()
      return parseFrame(reply) as never
    },
  })
  for (const { id } of members) {
    const api = { brokerId: id, listTopics: () => [], topicsVersion: () => 0, describeCluster }
    const control = levelZeroControlOver(peersOf(id), { api, tables: noTables }, clock)
    controls.set(id, control)
    handlers.set(id, withCascade(memberHandlers, control, noRules))
  }
  return controls
}
