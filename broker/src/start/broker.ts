import { type BrokerId, MAX_FRAME_HEADER_BYTES } from '@tailrace/schemas'
import type { BrokerApi } from '../api/broker-api.ts'
import { levelZeroControlOver, withCascade } from '../cascade/control/leader-requests.ts'
import type { LevelZeroControl } from '../cascade/control/level-zero-control.ts'
import { type ClusterNode, createClusterNode } from '../cluster/node.ts'
import type { BrokerSettings } from '../config/broker-settings.ts'
import { frameOverhead } from '../config/resolve-settings.ts'
import { createPeers } from '../doors/peer/create-peers.ts'
import { createHttpGateway } from '../doors/server.ts'
import { BrokerGroups } from '../partition/broker/groups.ts'
import { defaultPartitionSettings } from '../partition/settings.ts'
import type { Clock } from '../platform/clock.ts'
import { nodeCrc32c } from '../platform/node/checksum.ts'
import { secretFiles } from '../platform/node/guarded-file.ts'
import { allConditions, cascadeConditions } from './all-conditions.ts'
import { openAudit } from './audit.ts'
import { brokerMetrics } from './broker-metrics.ts'
import { openAdminToken } from './credentials/admin-token.ts'
import { openAuthenticator } from './credentials/authenticator.ts'
import { openClusterKeys } from './credentials/cluster-key-file.ts'
import { reloadOf } from './credentials/followed-file.ts'
import { type BrokerTls, openTls } from './credentials/tls.ts'
import { openWebhooks } from './credentials/webhooks.ts'
import { openDataFolder } from './data-folder.ts'
import { diskShortage, watchRoom } from './disk-shortage.ts'
import { gatewayFace, gatewayLimits } from './door-settings.ts'
import { tellExposures } from './exposures.ts'
import { logLevelOf } from './logging/log-level.ts'
import { stagesIn } from './metrics/stage-counts.ts'
import { logWhenReady } from './ready-event.ts'
import { nodeSurroundings, type Surroundings } from './surroundings.ts'
import { tracedApi } from './tracing/traced-api.ts'

export interface RunningBroker {
  /** `host:port` of HTTP and WebSocket, with the real port. */
  readonly http: string
  /** `host:port` for other brokers. */
  readonly peer: string
  /** What the doors for clients call. */
  readonly api: BrokerApi
  /** Reads the files of certificates, keys and tokens now; null: there are none. */
  readonly reload: (() => Promise<void>) | null
  /** Stops taking requests, answers waiting requests, and closes the log so that the next start need not replay. */
  stop(): Promise<void>
}

/**
 * Puts one broker together, on the time, disk and network of its surroundings. Parts start from the inside out (log,
 * cluster, peers, gateway) and stop in the opposite order.
 * @throws TailraceError INVALID_SETTING, BROKER_IDENTITY_MISMATCH, STORAGE_CORRUPT; DiskError
 */
export async function startBroker(
  settings: BrokerSettings,
  surroundings: Surroundings = nodeSurroundings,
): Promise<RunningBroker> {
  const { clock, random, disk, crypto } = surroundings
  const { logger, storage, store, files } = await openDataFolder(settings, surroundings)
  const room = watchRoom(() => diskShortage(storage), clock, logger)
  const clusterKeys = await openClusterKeys(settings, { ...secretFiles, clock, logger })
  const limits = gatewayLimits(settings, files)
  const tls = await openTls(settings, { limits, unknownPeers: files.unknownPeers, clock, log: logger })
  const network = surroundings.network ?? tls.network
  const webhooks = await openWebhooks(settings, { ...secretFiles, clock })
  const machine = { network, clock, random, crc32c: nodeCrc32c, crypto, webhooks }
  const peers = createPeers({ ...machine, ...peerSettings(settings, tls), clusterKeys, log: logger })
  const groups = new BrokerGroups({ storage, store, peers, ...machine, logger, ...groupSettings(settings) })
  const node = createClusterNode({
    ...machine,
    disk,
    store,
    groups,
    peers,
    logger,
    incarnation: random.uuid(),
    storage,
    diskShortage: room.shortage,
    pid: surroundings.pid,
    ...nodeSettings(settings),
  })
  const cascade = levelZeroControlOver(peers, node, clock, crypto)
  await node.start()
  const exposed = tellExposures(settings, logger)
  const audit = openAudit(settings, { clock, log: logger, api: node.api })
  const adminToken = await openAdminToken(settings, { ...secretFiles, clock, logger })
  const measured = { settings, storage, groups, node, peers: peers.stats, tls, exposed, audit, cascade, clock }
  const metrics = brokerMetrics(measured)
  const gateway = await createHttpGateway({
    services: {
      ...servicesOf(node, cascade, logger, { brokerId: settings.id, clock }),
      authenticator: await openAuthenticator(settings, { ...machine, audit }, () => node.tables, adminToken),
      audit,
      stages: () => stagesIn(metrics.registry),
    },
    ...machine,
    log: logger,
    ...metrics,
    limits,
    tls: tls.http,
    ...gatewayFace(settings, exposed),
    console: await surroundings.readConsole(),
    attach: surroundings.attach,
  })
  const http = await gateway.listen()
  await peers.start({ identity: () => node.identity(), handlers: withCascade(node.handlers, cascade, node.rules) })
  const looking = logWhenReady(node.api, { http, peer: peers.address, tls: settings.tls }, clock, logger)
  const handles = [room, looking, { cancel: await surroundings.attend(settings, logger) }]
  return {
    http,
    peer: peers.address,
    api: node.api,
    reload: reloadOf(tls, clusterKeys, adminToken),
    async stop() {
      for (const handle of handles) handle.cancel()
      tls.close()
      const parts = [gateway, audit, node, groups, peers, clusterKeys, adminToken, storage, store]
      for (const part of parts) await part?.close()
    },
  }
}

function servicesOf(
  node: ClusterNode,
  cascade: LevelZeroControl,
  logger: { level: string },
  { brokerId, clock }: { readonly brokerId: BrokerId; readonly clock: Clock },
) {
  const { api, admin, security, consumerGroups, streams, rules, tables } = node
  const described = { ...tracedApi(api, clock), describeCluster: () => cascade.describeCluster() }
  const conditionsOfOthers = async () =>
    (await Promise.all([node.conditionsOfOthers(), cascadeConditions(cascade)])).flat()
  const tabled = { authorizer: rules.authorizer, quotas: () => tables.quotas }
  return {
    api: described,
    admin,
    security,
    consumerGroups,
    streams,
    cascade,
    ...tabled,
    logLevel: logLevelOf(logger),
    conditions: allConditions(brokerId, { condition: () => node.condition(), conditionsOfOthers }, clock),
  }
}

/** The settings of the connections between brokers. */
function peerSettings(settings: BrokerSettings, { unknownPeers }: BrokerTls) {
  return {
    certificateNames: settings.peerTlsNames,
    listen: settings.peer,
    dial: settings.join,
    limits: { maxFrameBytes: peerFrameBytes(settings), maxUnknownConnections: unknownPeers },
  }
}

function groupSettings(settings: BrokerSettings) {
  return { brokerId: settings.id, settings: { ...defaultPartitionSettings, ...settings } }
}

/** The settings of the cluster layer. */
function nodeSettings(settings: BrokerSettings) {
  return {
    brokerId: settings.id,
    access: { mode: settings.authentication, superUsers: settings.superUsers },
    http: settings.advertisedHttp,
    rack: settings.rack,
    peerAddress: settings.advertisedPeer,
    join: settings.join,
    dataFolder: settings.data,
    brokersProve: settings.clusterKeyFile !== '' || settings.peerTls !== 'off',
    maxBatchBytes: settings.maxBatchBytes,
    maxPartitionsPerTopic: settings.maxPartitionsPerTopic,
    maxReplicasPerBroker: settings.maxReplicasPerBroker,
    leaderReturnMs: settings.leaderReturnMs,
    balanceMs: settings.balanceMs,
    replaceAfterMs: settings.replaceAfterMs,
    consumerGroupExpirationMs: settings.consumerGroupExpirationMs,
    sizeLimits: { maxFrameBytes: settings.maxFrameBytes - frameOverhead },
    largestMaxBatchBytes: Math.floor(settings.maxFrameBytes / 2),
  }
}

/** Messages between brokers about all their groups have no body, and always fit. */
function peerFrameBytes({ maxFrameBytes, maxAppendBytes }: BrokerSettings): number {
  return Math.max(maxFrameBytes, 2 * maxAppendBytes, MAX_FRAME_HEADER_BYTES + frameOverhead)
}
