import { TailraceError } from '@tailrace/schemas'
import { CascadeNode, type CascadeNodeDeps } from '../cascade/node.ts'
import type { BrokerSettings } from '../config/broker-settings.ts'
import type { Services } from '../doors/limits/rights.ts'
import { createHttpGateway } from '../doors/server.ts'
import { nodeCrc32c } from '../platform/node/checksum.ts'
import { secretFiles } from '../platform/node/guarded-file.ts'
import { createHttpClient } from '../platform/node/http-client.ts'
import { createMessageSockets } from '../platform/node/message-sockets.ts'
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
import { type BrokerTls, openTls } from './credentials/tls.ts'
import { openDataFolder } from './data-folder.ts'
import { copyShortage, watchRoom } from './disk-shortage.ts'
import { gatewayFace, gatewayLimits } from './door-settings.ts'
import { tellExposures } from './exposures.ts'
import { logLevelOf } from './logging/log-level.ts'
import { type OpenCopies, openMemory } from './memory-copies.ts'
import { logWhenReady } from './ready-event.ts'
import { nodeSurroundings, type Surroundings } from './surroundings.ts'
import { tracedApi } from './tracing/traced-api.ts'

/**
 * Puts one cascade broker together, on the time, disk and network of its surroundings: log, node, gateway, from the
 * inside out; they stop in the opposite order.
 * @throws TailraceError INVALID_SETTING, BROKER_IDENTITY_MISMATCH, STORAGE_CORRUPT; DiskError
 */
export async function startCascadeBroker(
  settings: BrokerSettings,
  surroundings: Surroundings = nodeSurroundings,
): Promise<RunningBroker> {
  requireSource(settings)
  const { clock, random, crypto } = surroundings
  const { logger, storage, store, files } = await openCopies(settings, surroundings)
  const room = watchRoom(() => copyShortage(storage), clock, logger)
  const limits = gatewayLimits(settings, files)
  const tls = await openTls(settings, { limits, unknownPeers: 0, clock, log: logger })
  const token = await openSourceToken(settings, { ...secretFiles, clock, logger })
  let traffic = { webSockets: () => 0, sent: () => ({ all: 0, toCascades: 0 }) }
  const node = await CascadeNode.open({
    storage,
    store,
    clock,
    random,
    crc32c: nodeCrc32c,
    crypto,
    logger,
    ...nodeSettings(settings),
    connections: () => traffic.webSockets(),
    sent: () => traffic.sent(),
    ...upstreamOf(surroundings, tls, token),
    token: token.current,
    certified: () => isOfCascade({ names: tls.sourceNames() }),
    diskShortage: room.shortage,
  })
  const exposed = tellExposures(settings, logger)
  const audit = openAudit(settings, { clock, log: logger })
  const adminToken = await openAdminToken(settings, { ...secretFiles, clock, logger })
  const gateway = await createHttpGateway({
    services: {
      ...(await servicesOf(node, settings, { ...surroundings, audit }, adminToken)),
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
    console: await surroundings.readConsole(),
    attach: surroundings.attach,
  })
  traffic = gateway
  const http = await gateway.listen()
  node.start()
  const leave = await surroundings.attend(settings, logger)
  const looking = logWhenReady(node.api, { http, tls: settings.tls }, clock, logger)
  return {
    http,
    peer: '',
    api: node.api,
    reload: reloadOf(tls, token, adminToken),
    async stop() {
      for (const handle of [room, looking, { cancel: leave }]) handle.cancel()
      tls.close()
      for (const part of [token, adminToken, gateway, audit, node, storage, store]) await part?.close()
    },
  }
}

/** How it reaches the brokers that it copies from. */
function upstreamOf(
  { clock, dial }: Surroundings,
  { source: tls }: BrokerTls,
  token: FollowedFile<string | null>,
): Pick<CascadeNodeDeps, 'client' | 'sockets'> {
  const client = createHttpClient({ clock, dial, tls, token: token.current })
  return { client, sockets: createMessageSockets({ clock, dial, tls }) }
}

function openCopies(settings: BrokerSettings, surroundings: Surroundings): Promise<OpenCopies> | OpenCopies {
  return settings.memory ? openMemory(settings, surroundings) : openDataFolder(settings, surroundings)
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
  { clock, crypto, random, audit }: Pick<Surroundings, 'clock' | 'crypto' | 'random'> & { readonly audit: AuditTrail },
  adminToken: FollowedFile<Uint8Array> | null,
): Promise<Omit<Services, 'logLevel' | 'conditions'>> {
  const { authentication: mode, superUsers } = settings
  const tables = () => node.tables
  return {
    api: tracedApi(node.api, clock),
    admin: node.admin,
    consumerGroups: node.consumerGroups,
    cascade: node.control,
    quotas: () => node.tables.quotas,
    authorizer: new Authorizer({ mode, superUsers, tables }),
    authenticator: await openAuthenticator(settings, { clock, crypto, random, audit }, tables, adminToken),
    audit,
  }
}
