import { crc32c } from '@tailrace/schemas'
import { IdentityFile } from '../../../broker/src/cluster/formation/identity-file.ts'
import {
  decodeCommand,
  encodeCommand,
  type IdentifiedCommand,
} from '../../../broker/src/cluster/metadata/commands/command.ts'
import { MetadataState } from '../../../broker/src/cluster/metadata/metadata-state.ts'
import { metadataSnapshots } from '../../../broker/src/cluster/metadata/store/metadata-snapshot.ts'
import { MetadataWriter } from '../../../broker/src/cluster/metadata/store/metadata-store.ts'
import { MemoryStore } from '../../../broker/src/log/testing/memory-store.ts'
import { decodeManifest, encodeManifest } from '../../../broker/src/partition/copies/copy-manifest.ts'
import { decodeCheckpoint, encodeCheckpoint } from '../../../broker/src/partition/replica/state/checkpoint-codec.ts'
import { MemoryDisk } from '../../../broker/src/platform/memory/disk.ts'
import { ManualClock } from '../../../broker/src/platform/testing/clock.ts'
import { silentLogger } from '../../../broker/src/platform/testing/logger.ts'
import { seededRandom } from '../../../broker/src/platform/testing/random.ts'
import { sealed } from '../../../schemas/src/testing/changed-batches.ts'
import { type FuzzTarget, joined, refusedAs } from '../target.ts'

const BATCH_HEADER_BYTES = 61
const registration = { id: 1, http: 'h:1', peer: 'p:1', pid: 7, incarnation: 'i', directoryId: 'd' }
const commands: readonly IdentifiedCommand['command'][] = [
  { type: 'register-broker', broker: registration },
  {
    type: 'create-topic',
    name: 'flights',
    topicId: 't1',
    config: {},
    partitions: [{ replicas: [1, 2, 3] }, { replicas: [2, 3, 1] }],
  },
  { type: 'records-deleted', group: 1, before: 40 },
  { type: 'add-partitions', topicId: 't1', first: 2, partitions: [{ replicas: [3, 1, 2] }] },
  { type: 'allocate-producer-ids', broker: 1, count: 1000 },
  { type: 'remove-broker', removed: 3, at: 1.7e12, broker: 1, by: 'ann' },
  { type: 'delete-topic', name: 'flights' },
]
const key = `${'A'.repeat(43)}=`
const credential = { salt: `${'A'.repeat(22)}==`, iterations: 4096, storedKey: key, serverKey: key }
const asked = { at: 1.7e12, broker: 1, by: 'ann' }
const orders = { type: 'topic', name: 'orders.', pattern: 'prefixed' } as const
const acl = { principal: 'User:ann', host: '*', operation: 'read', permission: 'allow', resource: orders } as const
const token = {
  id: '0123456789abcdef01234567',
  hash: key,
  principal: 'User:svc',
  scope: { operations: ['read', 'write'], resources: [orders] },
  createdAt: 1.7e12,
  createdBy: 'User:ann',
  expiresAt: 1.8e12,
} as const
const entity = { principal: '*', clientId: 'loader', address: null }
const securityCommands: readonly IdentifiedCommand['command'][] = [
  { type: 'allocate-owned-ids', broker: 1, count: 1000, principal: 'User:svc' },
  { type: 'set-user', user: { name: 'ann', scram: { 'SCRAM-SHA-256': credential } }, ...asked },
  { type: 'add-token', token, ...asked },
  { type: 'add-acls', acls: [acl, { ...acl, permission: 'deny', host: '10.0.0.1' }], ...asked },
  { type: 'set-quota', quota: { entity, limits: { fetchBytesPerSecond: 1e6 } }, ...asked },
  { type: 'remove-acls', acls: [acl], ...asked },
  { type: 'remove-tokens', ids: [token.id], expired: false, ...asked },
  { type: 'delete-user', name: 'ann', ...asked },
  { type: 'remove-quota', entity, ...asked },
]
const upkeepCommands: readonly IdentifiedCommand['command'][] = [
  { type: 'set-draining', drained: 3, draining: true, ...asked },
  { type: 'set-balancing', balancing: true, ...asked },
]
const encoded = [...commands, ...securityCommands, ...upkeepCommands].map((command, at) =>
  encodeCommand({ id: `id-${at}`, command }, 1.7e12),
)

/** Commands of the metadata group: those that can be read are applied after others. */
export const metadataCommands: FuzzTarget = {
  name: 'metadata-command',
  samples: encoded,
  seal: (input) => (input.length < BATCH_HEADER_BYTES ? input : sealed(input.slice())),
  run(input) {
    const command = decodeCommand(input)
    if (command === null) return 'refused'
    const state = new MetadataState()
    const before = [...commands.slice(0, 3), ...securityCommands.slice(0, 4)]
    before.forEach((some, at) => void state.apply(at + 1, { id: `before-${at}`, command: some }))
    state.apply(before.length + 1, command)
    return 'taken'
  },
}

const inSnapshot = [...commands.slice(0, 4), ...securityCommands.slice(0, 4), ...upkeepCommands]

async function snapshotBytes(): Promise<Uint8Array> {
  const state = new MetadataState()
  const store = new MemoryStore()
  const writer = new MetadataWriter(store, new ManualClock(1_700_000_000_000), silentLogger)
  inSnapshot.forEach((command, at) => {
    writer.applied(state, state.apply(at + 1, { id: `id-${at}`, command }))
  })
  const snapshot = await metadataSnapshots({ store, state, writer, onRestored: () => {} }).take()
  const pieces: Uint8Array[] = []
  for await (const piece of snapshot.chunks()) pieces.push(piece.slice())
  return joined(pieces)
}

/** A snapshot of the metadata as another broker sends it. */
export const metadataStates: FuzzTarget = {
  name: 'metadata-snapshot',
  samples: [await snapshotBytes()],
  async run(input) {
    const state = new MetadataState()
    const store = new MemoryStore()
    const writer = new MetadataWriter(store, new ManualClock(1_700_000_000_000), silentLogger)
    async function* chunks(): AsyncIterable<Uint8Array> {
      yield input
    }
    try {
      await metadataSnapshots({ store, state, writer, onRestored: () => {} }).restore(inSnapshot.length, chunks())
      return 'taken'
    } catch (error) {
      return refusedAs(error, ['STORAGE_CORRUPT', 'NEWER_FORMAT'])
    }
  },
}

export const copyManifests: FuzzTarget = {
  name: 'copy-manifest',
  samples: [
    encodeManifest({
      description: {
        prevIndex: 3,
        prevTerm: 1,
        startOffset: 2,
        lastIndex: 9,
        lastTerm: 2,
        endOffset: 12,
        terms: [
          { term: 1, index: 4, offset: 2 },
          { term: 2, index: 7, offset: 6 },
        ],
        configurations: [{ index: 1, batch: Uint8Array.of(1, 2, 3) }],
      },
      files: [{ name: '00000004-00000002.log', bytes: 4096 }],
      stateBytes: 100,
    }),
  ],
  run(input) {
    try {
      decodeManifest(input)
      return 'taken'
    } catch (error) {
      return refusedAs(error, ['MALFORMED_FRAME', 'NEWER_FORMAT'])
    }
  },
}

const CHECKPOINT_CRC_AT = 5
const CHECKPOINT_FIELDS_AT = 9

/** The state that a replica derives from its committed prefix, mainly producers' sequences. */
export const producerCheckpoints: FuzzTarget = {
  name: 'producer-checkpoint',
  samples: [
    encodeCheckpoint(
      {
        commitIndex: 12,
        highWatermark: 30,
        producersIndex: 12,
        producers: [
          [
            7,
            {
              epoch: 1,
              batches: [{ producerId: 7, epoch: 1, baseSequence: 3, records: 2, index: 11, baseOffset: 28 }],
            },
          ],
        ],
        fence: 3,
        deletedBefore: 5,
      } as Parameters<typeof encodeCheckpoint>[0],
      crc32c,
    ),
  ],
  seal(input) {
    if (input.length < CHECKPOINT_FIELDS_AT) return input
    const bytes = input.slice()
    new DataView(bytes.buffer).setUint32(CHECKPOINT_CRC_AT, crc32c(bytes, CHECKPOINT_FIELDS_AT, bytes.length))
    return bytes
  },
  run(input) {
    try {
      return decodeCheckpoint(input, crc32c) === null ? 'refused' : 'taken'
    } catch (error) {
      return refusedAs(error, ['NEWER_FORMAT', 'STORAGE_CORRUPT'])
    }
  },
}

async function identityBytes(): Promise<Uint8Array> {
  const disk = new MemoryDisk()
  await new IdentityFile(disk, 'data', 1).load(seededRandom(1))
  const file = await disk.open('data/identity.json')
  const bytes = new Uint8Array(await file.size())
  await file.read(bytes, 0)
  return bytes
}

export const identityFiles: FuzzTarget = {
  name: 'identity-file',
  samples: [await identityBytes()],
  async run(input) {
    const disk = new MemoryDisk()
    await disk.makeFolder('data')
    const file = await disk.open('data/identity.json')
    await file.write([input], 0)
    try {
      await new IdentityFile(disk, 'data', 1).load(seededRandom(1))
      return 'taken'
    } catch (error) {
      return refusedAs(error, ['STORAGE_CORRUPT', 'BROKER_IDENTITY_MISMATCH', 'NEWER_FORMAT', 'INVALID_SETTING'])
    }
  },
}
