import type { FuzzTarget } from '../target.ts'
import { backupManifests } from './backup-manifests.ts'
import { batches, controlBatches, storedBatches } from './batches.ts'
import { cascadeAnswers } from './cascade-answers.ts'
import { cascadeBeats } from './cascade-beats.ts'
import { cascadeStores } from './cascade-store.ts'
import { cascadeTables } from './cascade-tables.ts'
import { clientCertificates } from './certificates.ts'
import { consumerGroupCommands, consumerGroupStates } from './consumer-groups.ts'
import { bearerTokens, principalNames, scramMessages } from './credentials.ts'
import { checkpointContents, damagedFiles, journalRecords } from './data-folder.ts'
import { frameStreams, frames, peerProtocols } from './frames.ts'
import { inspectedFiles } from './inspections.ts'
import { liveReplicas } from './live-replica.ts'
import { peerAnswers } from './peer-answers.ts'
import { peerHandshakes } from './peer-handshakes.ts'
import { peerRequests } from './peer-requests.ts'
import { securityRequests } from './security-requests.ts'
import { copyManifests, identityFiles, metadataCommands, metadataStates, producerCheckpoints } from './states.ts'
import { streamChanges, streamMessages, streamStates } from './streams.ts'
import { jsonConfigFiles, readTokens, recordLines, streamPositions, textOperations, yamlConfigFiles } from './texts.ts'
import { webTokens } from './web-tokens.ts'
import { webSocketBrokers } from './ws-client.ts'
import { webSocketClients } from './ws-server.ts'

/** Of five hundred inputs each target gets one at the least, however slow it is. */
const LEAST_SHARE = 1 / 500

/**
 * Every target, with its share of the inputs: those that open a data folder or run a group for each input are slower by
 * a factor of a hundred.
 */
export const targetTable: readonly { readonly target: FuzzTarget; readonly share: number }[] = [
  ...[batches, storedBatches, controlBatches, frames, frameStreams, textOperations].map((target) => share(target, 100)),
  ...[
    metadataCommands,
    consumerGroupCommands,
    streamChanges,
    streamMessages,
    peerRequests,
    copyManifests,
    producerCheckpoints,
    readTokens,
    recordLines,
    streamPositions,
    jsonConfigFiles,
    principalNames,
    clientCertificates,
  ].map((target) => share(target, 60)),
  ...[
    metadataStates,
    consumerGroupStates,
    streamStates,
    identityFiles,
    peerHandshakes,
    scramMessages,
    bearerTokens,
  ].map((target) => share(target, 20)),
  share(backupManifests, 20),
  ...[yamlConfigFiles, webSocketClients].map((target) => share(target, 10)),
  ...[cascadeTables, webTokens].map((target) => share(target, 10)),
  share(peerProtocols, 5),
  share(securityRequests, 3),
  ...[journalRecords, checkpointContents, ...damagedFiles, ...inspectedFiles].map((target) => share(target, 2)),
  ...[cascadeAnswers, cascadeBeats, cascadeStores, peerAnswers].map((target) => share(target, 2)),
  ...[liveReplicas, webSocketBrokers].map((target) => share(target, 1)),
]

function share(target: FuzzTarget, share: number): { target: FuzzTarget; share: number } {
  return { target, share }
}

/** How many of `inputs` each target gets: its share of them, and at least the least share. */
export function spread(inputs: number): { readonly target: FuzzTarget; readonly inputs: number }[] {
  const all = targetTable.reduce((sum, { share }) => sum + share, 0)
  const least = Math.ceil(inputs * LEAST_SHARE)
  return targetTable.map(({ target, share }) => ({
    target,
    inputs: Math.max(least, Math.round((inputs * share) / all)),
  }))
}
