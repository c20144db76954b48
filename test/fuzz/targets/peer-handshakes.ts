import { encodeFrame } from '@tailrace/schemas'
import { FrameChannel } from '../../../broker/src/doors/peer/frame-channel.ts'
import { Handshake } from '../../../broker/src/doors/peer/handshake/handshake.ts'
import { HandshakeProof, type Role } from '../../../broker/src/doors/peer/handshake/handshake-proof.ts'
import { helloOf, helloReplyOf } from '../../../broker/src/doors/peer/handshake/identity-frames.ts'
import { defaultPeerLimits } from '../../../broker/src/doors/peer/limits.ts'
import { noStats } from '../../../broker/src/doors/peer/stats.ts'
import type { PeerIdentity } from '../../../broker/src/partition/peers.ts'
import { nodeCrypto } from '../../../broker/src/platform/node/crypto.ts'
import { ManualClock } from '../../../broker/src/platform/testing/clock.ts'
import { FedStream } from '../live/fed-stream.ts'
import { type FuzzTarget, joined, type Verdict } from '../target.ts'

const identityOf = (brokerId: number, clusterId: string): PeerIdentity => ({
  brokerId,
  directoryId: `d${brokerId}`,
  incarnation: `i${brokerId}`,
  clusterId,
  peer: `b${brokerId}:1`,
  http: '',
  formed: true,
})
/** What only the broker under test says. */
const SECRET = 'the id of the cluster'
const self = identityOf(1, SECRET)
const other = identityOf(2, 'c')
const keys = [new Uint8Array(32).fill(9)]
/** The same nonces each time, so that a sound input is one again. */
const random = { below: () => 0, uuid: () => '', secret: (bytes: number) => new Uint8Array(bytes).fill(7) }
const proofOf = (role: Role) => new HandshakeProof(role, { crypto: nodeCrypto, random, keys })
const otherRole = (role: Role): Role => (role === 'dialler' ? 'acceptor' : 'dialler')

/** The frames of the other side in a handshake that succeeds, and what it proves in them first. */
function sound(role: Role): { frames: Uint8Array; proof: Uint8Array } {
  const [own, its] = [proofOf(role), proofOf(otherRole(role))]
  const [mine, theirs] = [helloOf(self, 3), helloOf(other, 3)]
  const challenge = role === 'dialler' ? its.answer(joined(own.ask())) : its.ask()
  if (role === 'dialler') {
    own.checkAnswer(joined(challenge))
    its.check(mine, own.prove(mine))
  } else own.answer(joined(challenge))
  if (role === 'acceptor') its.checkAnswer(joined(proofOf('acceptor').answer(joined(challenge))))
  const proof = its.prove(theirs)
  const frames = [
    ...encodeFrame('Challenge', { protocol: 3 }, challenge),
    ...encodeFrame('Hello', theirs, [proof]),
    ...encodeFrame('HelloReply', helloReplyOf(other, '', null)),
  ]
  return { frames: joined(frames), proof: role === 'dialler' ? challenge.at(-1)! : proof }
}

const plain = joined([
  ...encodeFrame('Hello', helloOf(other)),
  ...encodeFrame('HelloReply', helloReplyOf(other, '', null)),
])
const refusal = joined(
  encodeFrame('HelloReply', helloReplyOf(other, '', { code: 'X', message: 'x', retriable: false, hint: '' })),
)
const roles: readonly Role[] = ['dialler', 'acceptor']
const soundOnes = { dialler: sound('dialler'), acceptor: sound('acceptor') }

/** The first byte: which side this broker is, and whether it has a key, and needs one of the other side. */
const START = { keyed: 1, required: 2, acceptor: 4 }

function run(input: Uint8Array): Verdict {
  const mode = input[0] ?? 0
  const role: Role = (mode & START.acceptor) === 0 ? 'dialler' : 'acceptor'
  const proofRequired = (mode & START.keyed) !== 0 && (mode & START.required) !== 0
  const stream = new FedStream()
  const stats = noStats()
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  let done: PeerIdentity | undefined
  const channel: FrameChannel = new FrameChannel(
    stream,
    { onFrame: (frame) => handshake.receive(frame), onClose: () => {} },
    { limits: defaultPeerLimits, stats, log, clock: new ManualClock() },
  )
  const handshake = new Handshake(channel, role, {
    self: () => self,
    proof: (mode & START.keyed) === 0 ? undefined : proofOf(role),
    proofRequired,
    certificateNames: new Map(),
    admit: () => {},
    done: (identity) => {
      done = identity
    },
    refused: () => {},
  })
  if (role === 'dialler') handshake.start()
  const bytes = input.subarray(1)
  const cut = (mode >> 3) % (bytes.length + 1)
  stream.onData(bytes.slice(0, cut))
  stream.onData(bytes.slice(cut))
  check({ stats: stats.handlerFaults, written: stream.written, done, bytes, role, proofRequired })
  return done === undefined ? 'refused' : 'taken'
}

interface Outcome {
  readonly stats: number
  readonly written: readonly Uint8Array[]
  readonly done: PeerIdentity | undefined
  readonly bytes: Uint8Array
  readonly role: Role
  readonly proofRequired: boolean
}

/** Nobody is taken without the proof, nor for another than the proof is of, nor is told anything before. */
function check({ stats, written, done, bytes, role, proofRequired }: Outcome): void {
  if (stats > 0) throw new Error('handling a frame has failed')
  if (!proofRequired) return
  const { proof } = soundOnes[role]
  const isProven = Buffer.from(bytes).includes(Buffer.from(proof))
  if (!isProven && Buffer.concat(written).includes(SECRET)) throw new Error('a stranger has learnt the cluster id')
  if (done === undefined) return
  const { proved, ...told } = done
  if (proved !== true || JSON.stringify(told) !== JSON.stringify(other)) throw new Error('a stranger was taken')
}

const withMode = (mode: number, frames: Uint8Array): Uint8Array => Uint8Array.from([mode, ...frames])

/** What a program says to a broker that it dials, or that dials it, up to the end of the handshake. */
export const peerHandshakes: FuzzTarget = {
  name: 'peer-handshake',
  samples: roles.flatMap((role) => {
    const side = role === 'dialler' ? 0 : START.acceptor
    const keyed = side | START.keyed
    return [
      withMode(keyed | START.required, soundOnes[role].frames),
      withMode(keyed, soundOnes[role].frames),
      withMode(keyed, plain),
      withMode(keyed | START.required, plain),
      withMode(side, plain),
      withMode(side, refusal),
    ]
  }),
  run,
}
