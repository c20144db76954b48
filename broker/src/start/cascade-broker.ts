import { TailraceError } from '@tailrace/schemas'
import { CascadeNode } from '../cascade/node.ts'
import type { BrokerSettings } from '../config/broker-settings.ts'
import type { Services } from '../doors/limits/rights.ts'
import { createHttpGateway } from '../doors/server.ts'
import { nodeCrc32c } from '../platform/node/checksum.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeCrypto } from '../platform/node/crypto.ts'
import { readSecretFile } from '../platform/node/guarded-file.ts'
import { createHttpClient } from '../platform/node/http-client.ts'
import { createMessageSockets } from '../platform/node/message-sockets.ts'
import { nodeRandom } from '../platform/node/random.ts'
import { Authorizer } from '../security/access/authorizer.ts'
import type { AuditTrail } from '../security/audit/audit-trail.ts'
import { allConditions } from './all-conditions.ts'
import { openAudit } from './audit.ts'
import type { RunningBroker } from './broker.ts'
import { cascadeBrokerMetrics } from './cascade-broker-metrics.ts'
import { openAdminToken } from './credentials/admin-token.ts'
import { openAuthenticator } from './credentials/authenticator.ts'
import { type FollowedFile, reloadOf } from './credentials/followed-file.ts'
import { isOfCascade } from './credentials/source-certificate.ts'
import { openSourceToken } from './credentials/source-token.ts'
import { openTls } from './credentials/tls.ts'
import { openDataFolder } from './data-folder.ts'
import { copyShortage, watchRoom } from './disk-shortage.ts'
import { gatewayFace, gatewayLimits } from './door-settings.ts'
import { tellExposures } from './exposures.ts'
import { logLevelOf } from './logging/log-level.ts'
import { type OpenCopies, openMemory } from './memory-copies.ts'
import { logWhenReady } from './ready-event.ts'
import { nodeSurroundings } from './surroundings.ts'
import { tracedApi } from './tracing/traced-api.ts'

/**
 * Puts one cascade broker together, on real time, disk and network: log, node, gateway, from the inside out; they stop
 * in the opposite order.
 * @throws TailraceError INVALID_SETTING, BROKER_IDENTITY_MISMATCH, STORAGE_CORRUPT; DiskError
 */
export async function startCascadeBroker(settings: BrokerSettings): Promise<RunningBroker> {
  requireSource(settings)
  const [clock, random, crc32c] = [nodeClock, nodeRandom, nodeCrc32c]
  const { logger, storage, store, files } = await openCopies(settings)
  const room = watchRoom(() => copyShortage(storage), clock, logger)
  const limits = gatewayLimits(settings, files)
  const tls = await openTls(settings, { limits, unknownPeers: 0, clock, log: logger })
  const token = await openSourceToken(settings, { read: readSecretFile, clock, logger })
  let traffic = { webSockets: () => 0, sent: () => ({ all: 0, toCascades: 0 }) }
  const node = await CascadeNode.open({
    storage,
    store,
    clock,
    random,
    crc32c,
    crypto: nodeCrypto,
    logger,
    ...nodeSettings(settings),
    connections: () => traffic.webSockets(),
    sent: () => traffic.sent(),
    client: createHttpClient(tls.source, token.current),
    sockets: createMessageSockets(tls.source),
    token: token.current,
    certified: () => isOfCascade({ names: tls.sourceNames() }),
    diskShortage: room.shortage,
  })
  const exposed = tellExposures(settings, logger)
  const audit = openAudit(settings, { clock, log: logger })
  const adminToken = await openAdminToken(settings, { read: readSecretFile, clock, logger })
  const gateway = await createHttpGateway({
    services: {
      ...(await servicesOf(node, settings, audit, adminToken)),
      logLevel: logLevelOf(logger),
      conditions: allConditions(settings.id, node, clock),
    },
    clock,
    random,
    log: logger,
    ...cascadeBrokerMetrics({ settings, storage, node, tls, exposed, audit }),
    limits,
    tls: tls.http,
    ...gatewayFace(settings, exposed),
    console: await nodeSurroundings.readConsole(),
  })
  traffic = gateway
  const http = await gateway.listen()
  node.start()
  const leave = await nodeSurroundings.attend(settings, logger)
  const looking = logWhenReady(node.api, { http, tls: settings.tls }, clock, logger)
  return {
    http,
    peer: '',
    api: node.api,
    reload: reloadOf(tls, token, adminToken),
    async stop() {
      room.cancel()
      looking.cancel()
      leave()
      tls.close()
      token.close()
      adminToken?.close()
      await gateway.close()
      audit.close()
      node.close()
      await storage.close()
      await store.close()
    },
  }
}

function openCopies(settings: BrokerSettings): Promise<OpenCopies> | OpenCopies {
  return settings.memory ? openMemory(settings) : openDataFolder(settings, nodeSurroundings)
}

/** The settings that the node needs. */
function nodeSettings({ id, advertisedHttp, rack, source, topics, authentication, readyLagMs }: BrokerSettings) {
  const asksClients = authentication !== 'off'
  return { brokerId: id, http: advertisedHttp, rack, sources: source, topics, asksClients, readyLagMs }
}

function requireSource({ source }: BrokerSettings): void {
  if (source.length > 0) return
  throw new TailraceError('INVALID_SETTING', 'source is missing: give the HTTP address of any broker one level up.')
}

/** What clients may use, by the rules, credentials and quotas that the node has copied. */
async function servicesOf(
  node: CascadeNode,
  settings: BrokerSettings,
  audit: AuditTrail,
  adminToken: FollowedFile<Uint8Array> | null,
): Promise<Omit<Services, 'logLevel' | 'conditions'>> {
  const { authentication: mode, superUsers } = settings
  const tables = () => node.tables
  const platform = { clock: nodeClock, crypto: nodeCrypto, random: nodeRandom }
  return {
    api: tracedApi(node.api, nodeClock),
    admin: node.admin,
    consumerGroups: node.consumerGroups,
    cascade: node.control,
    quotas: () => node.tables.quotas,
    authorizer: new Authorizer({ mode, superUsers, tables }),
    authenticator: await openAuthenticator(settings, { ...platform, audit }, tables, adminToken),
    audit,
  }
}
